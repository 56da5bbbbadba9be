"""Illustrated synthetic scenes: sampling, drawing (PIL vectors), questions/answers, captions."""
import math, random
import numpy as np
from PIL import Image, ImageDraw

RGB = dict(red=(214,40,44), orange=(244,140,30), yellow=(250,214,50), green=(50,160,70), blue=(44,96,214),
           purple=(136,64,176), pink=(246,140,184), brown=(134,84,44), black=(38,38,44), white=(244,244,244), gray=(142,146,152))
COLORS = list(RGB)
CLASSES = ["dog","cat","bird","ball","car","house","tree","umbrella","kite","boat","snowman"]
PLURAL = {c: c+"s" for c in CLASSES}; PLURAL["snowman"] = "snowmen"
TOY = ["red","orange","yellow","green","blue","purple","pink"]
PAL = dict(dog=["brown","black","white","gray"], cat=["orange","black","white","gray"], bird=["red","blue","yellow","black","white"],
           ball=TOY, car=["red","yellow","green","blue","black","white","orange"], house=["red","yellow","blue","white","pink"],
           tree=["green"], umbrella=TOY, kite=TOY, boat=["red","yellow","blue","white"], snowman=["white"])
PLACES = ["beach","park","street","snow"]
NUM = ["no","one","two","three","four","five"]

# ---------------------------------------------------------------- sampling
SIZE = {  # height range (unit = picture side), width / height, base-y range, x-margin
 "dog":(.20,.26,1.25,(.74,.96)),"cat":(.21,.27,.80,(.74,.96)),"ball":(.13,.17,1.0,(.74,.96)),"car":(.15,.20,1.95,(.72,.95)),
 "umbrella":(.27,.34,.95,(.72,.93)),"snowman":(.24,.31,.62,(.70,.93)),"house":(.28,.35,1.0,(.58,.66)),"tree":(.31,.40,.66,(.58,.68)),
 "bird":(.12,.15,1.5,(.14,.40)),"kite":(.17,.22,.75,(.22,.42)),"boat":(.15,.20,1.0,(.57,.60))}
ORDER = ["house","car","umbrella","snowman","tree","boat","dog","cat","ball","kite","bird"]

def sample_scene(r):
    place = r.choice(PLACES); night = r.random() < .3
    prob = dict(dog=.5,cat=.4,ball=.45,car=.62 if place=="street" else .2,umbrella=.45 if place=="beach" else .1,tree=.5,
                house=.0 if place=="beach" else .42, bird=.3, kite=.22, boat=.45 if place=="beach" else 0, snowman=.45 if place=="snow" else 0)
    maxn = dict(dog=4,cat=4,ball=4,car=3,umbrella=2,tree=4,house=2,bird=4,kite=3,boat=2,snowman=2)
    want = {}
    for c in CLASSES:
        if r.random() < prob[c]:
            want[c] = r.choices(range(1,maxn[c]+1), [.36,.26,.21,.17][:maxn[c]])[0]
    if not want: want = {r.choice(["dog","cat","ball"]): r.randint(1,4)}
    celest = (.12 if r.random()<.5 else .88) + r.uniform(-.03,.03), r.uniform(.10,.16)
    boxes = [(celest[0]-.09, celest[1]-.09, celest[0]+.09, celest[1]+.09)]
    objs = []; color = {c: r.choice(PAL[c]) for c in CLASSES}
    def clash(b):
        for q in boxes:
            w = min(b[2],q[2])-max(b[0],q[0]); h = min(b[3],q[3])-max(b[1],q[1])
            if w > 0 and h > 0:
                a = min((b[2]-b[0])*(b[3]-b[1]), (q[2]-q[0])*(q[3]-q[1]))
                if w*h > .04*a: return True
        return False
    front = 0
    for c in ORDER:
        lo,hi,asp,(y0,y1) = SIZE[c]; shrink = 1.0
        for k in range(want.get(c,0)):
            if c in ("dog","cat","car","ball","umbrella","snowman"):
                if front >= 5: break
            for t in range(40):
                h = r.uniform(lo,hi)*(1-.004*t); w = h*asp; x = r.uniform(w/2+.01, 1-w/2-.01); y = r.uniform(y0,y1)
                b = (x-w/2, y-h, x+w/2, y)
                if b[1] < .01 or clash(b): continue
                boxes.append(b); objs.append(dict(c=c, col=color[c], x=x, y=y, h=h, box=b, flip=r.random()<.5, seed=r.random()))
                front += c in ("dog","cat","car","ball","umbrella","snowman")
                break
            else: break
    return dict(place=place, night=night, celest=celest, objs=objs, seed=r.random())

# ---------------------------------------------------------------- drawing
class Pen:
    def __init__(s, d, S): s.d, s.S, s.k = d, S, (1,1,1)
    def at(s, x, y, h, flip): s.x, s.y, s.h, s.f = x, y, h, (-1 if flip else 1); return s
    def P(s,u,v): return ((s.x+s.f*u*s.h)*s.S, (s.y+v*s.h)*s.S)
    def C(s,c): return tuple(int(max(0,min(255,a*b))) for a,b in zip(c,s.k))
    def ell(s,u,v,ru,rv,c):
        (a,b)=s.P(u,v); p=ru*s.h*s.S; q=rv*s.h*s.S; s.d.ellipse((a-p,b-q,a+p,b+q),fill=s.C(c))
    def poly(s,pts,c): s.d.polygon([s.P(*p) for p in pts],fill=s.C(c))
    def rect(s,u0,v0,u1,v1,c): s.poly([(u0,v0),(u1,v0),(u1,v1),(u0,v1)],c)
    def rrect(s,u0,v0,u1,v1,rad,c):
        a=s.P(u0,v0); b=s.P(u1,v1); x0,x1=sorted((a[0],b[0])); y0,y1=sorted((a[1],b[1]))
        s.d.rounded_rectangle((x0,y0,x1,y1),rad*s.h*s.S,fill=s.C(c))
    def line(s,pts,w,c): s.d.line([s.P(*p) for p in pts],fill=s.C(c),width=max(1,round(w*s.h*s.S)),joint="curve")
    def pie(s,u,v,ru,rv,a0,a1,c):
        (a,b)=s.P(u,v); p=ru*s.h*s.S; q=rv*s.h*s.S; s.d.pieslice((a-p,b-q,a+p,b+q),a0,a1,fill=s.C(c))
def sh(c,f): return tuple(max(0,min(255,int(a*f))) for a in c)
def mix(a,b,t): return tuple(int(x*(1-t)+y*t) for x,y in zip(a,b))
INK=(30,28,32)

def d_dog(p,c,r):
    dk = sh(c,.72) if sum(c)>200 else mix(c,(255,255,255),.22)
    p.line([(-.42,-.50),(-.58,-.74),(-.55,-.84)],.09,c)
    for u in (-.36,-.22,.14,.28): p.rrect(u-.055,-.42,u+.055,0,.04,dk if u in(-.22,.14) else c)
    p.rrect(-.46,-.62,.36,-.26,.17,c)
    p.poly([(.12,-.55),(.40,-.50),(.50,-.80),(.28,-.82)],c)
    p.ell(.38,-.78,.19,.18,c); p.rrect(.40,-.80,.64,-.63,.07,c)
    p.ell(.62,-.77,.045,.04,INK)
    p.poly([(.24,-.94),(.36,-.92),(.34,-.62),(.22,-.62)],dk)
    p.ell(.44,-.84,.035,.04,(255,255,255)); p.ell(.45,-.84,.024,.028,INK)
    p.line([(.20,-.60),(.40,-.56)],.05,(220,60,60))
def d_cat(p,c,r):
    dk = sh(c,.75) if sum(c)>200 else mix(c,(255,255,255),.22)
    p.line([(.20,-.06),(.36,-.10),(.38,-.30),(.30,-.40)],.075,c)
    p.ell(0,-.25,.26,.25,c); p.poly([(-.25,-.22),(.25,-.22),(.16,-.56),(-.16,-.56)],c)
    p.rrect(-.15,-.30,-.04,0,.05,dk); p.rrect(.04,-.30,.15,0,.05,dk)
    p.poly([(-.25,-.72),(-.24,-1.0),(-.05,-.86)],c); p.poly([(.25,-.72),(.24,-1.0),(.05,-.86)],c)
    p.poly([(-.21,-.80),(-.21,-.93),(-.11,-.86)],(240,160,170)); p.poly([(.21,-.80),(.21,-.93),(.11,-.86)],(240,160,170))
    p.ell(0,-.69,.27,.22,c)
    for u in (-.11,.11): p.ell(u,-.72,.055,.065,(180,220,90)); p.ell(u,-.72,.022,.055,INK)
    p.poly([(-.035,-.63),(.035,-.63),(0,-.59)],(230,110,130))
    for s in (-1,1):
        p.line([(s*.08,-.61),(s*.34,-.65)],.012,dk); p.line([(s*.08,-.59),(s*.34,-.58)],.012,dk)
def d_bird(p,c,r):
    dk = sh(c,.7) if sum(c)>200 else mix(c,(255,255,255),.25)
    p.poly([(-.40,-.34),(-.74,-.52),(-.70,-.24)],dk); p.ell(-.05,-.35,.42,.20,c); p.ell(.36,-.46,.18,.17,c)
    p.poly([(.50,-.50),(.75,-.42),(.50,-.38)],(250,160,30))
    p.poly([(-.18,-.42),(.16,-.40),(-.22,-1.0),(-.42,-.92)],dk)
    p.ell(.41,-.49,.045,.05,(255,255,255)); p.ell(.42,-.49,.028,.03,INK)
def d_ball(p,c,r):
    p.ell(0,-.5,.5,.5,c); p.poly([(-.17,-.96),(.02,-.99),(.12,-.5),(.02,-.01),(-.17,-.04),(-.06,-.5)],(250,250,250))
    p.ell(.22,-.74,.10,.08,mix(c,(255,255,255),.65))
def d_car(p,c,r):
    p.poly([(-.62,-.50),(-.40,-.98),(.30,-.98),(.58,-.50)],c)
    g=(170,214,236); p.poly([(-.48,-.54),(-.34,-.88),(-.06,-.88),(-.06,-.54)],g); p.poly([(.02,-.54),(.02,-.88),(.26,-.88),(.44,-.54)],g)
    p.rrect(-.97,-.58,.97,-.18,.14,c); p.rect(-.94,-.30,.94,-.24,sh(c,.75) if sum(c)>200 else (90,90,96))
    p.ell(.90,-.44,.07,.08,(255,240,170)); p.rect(-.97,-.50,-.89,-.38,(200,40,40))
    for u in (-.52,.54): p.ell(u,-.19,.20,.19,(24,24,28)); p.ell(u,-.19,.09,.09,(190,190,196))
def d_house(p,c,r,night=False):
    roof = (110,70,60)
    p.rect(-.40,-.60,.40,0,c); p.rect(.20,-.95,.31,-.66,(120,80,70)); p.poly([(-.50,-.58),(0,-1.0),(.50,-.58)],roof)
    k=p.k; w=(176,216,236)
    if night: p.k=(1,1,1); w=(255,224,110)
    for u in (-.24,.24):
        p.rect(u-.10,-.46,u+.10,-.26,w); p.line([(u,-.46),(u,-.26)],.02,sh(w,.6)); p.line([(u-.1,-.36),(u+.1,-.36)],.02,sh(w,.6))
    p.k=k; p.rrect(-.08,-.30,.08,0,.03,(96,58,36)); p.ell(.045,-.14,.015,.015,(240,210,90))
def d_tree(p,c,r,place="park"):
    g=RGB["green"]; t=(112,76,46)
    if place=="snow":
        p.rect(-.05,-.2,.05,0,t)
        for (v,w) in ((-.12,.33),(-.36,.27),(-.60,.20)):
            p.poly([(-w,v),(w,v),(0,v-.40)],sh(g,.85)); p.poly([(-w*.38,v-.25),(w*.38,v-.25),(0,v-.40)],(250,252,255))
    elif place=="beach":
        p.line([(0,0),(.04,-.3),(0,-.55),(-.05,-.78)],.075,(150,108,66))
        for a in (-170,-140,-100,-60,-25,0,180):
            a=math.radians(a); u=-.05+.33*math.cos(a)*.9; v=-.78+.20*math.sin(a)+.05
            p.poly([(-.05,-.84),(u*.6,(v-.78)/2-.10),(u,v+.10),(u*.5,(v-.78)/2+.02),(-.05,-.74)],sh(g,.9 if a<0 else 1.05))
        p.ell(-.07,-.75,.035,.035,(110,70,40)); p.ell(.01,-.74,.035,.035,(110,70,40))
    else:
        p.poly([(-.06,0),(.06,0),(.04,-.45),(-.04,-.45)],t)
        p.ell(-.15,-.55,.18,.18,sh(g,.9)); p.ell(.15,-.55,.18,.18,sh(g,.9)); p.ell(0,-.74,.23,.25,g); p.ell(-.06,-.82,.09,.08,sh(g,1.18))
def d_umbrella(p,c,r):
    p.line([(0,0),(0,-.95)],.04,(120,90,60)); W=(250,250,250)
    p.pie(0,-.55,.47,.43,180,360,c); p.poly([(-.30,-.55),(-.10,-.55),(0,-.98)],W); p.poly([(.30,-.55),(.10,-.55),(0,-.98)],W)
    p.ell(0,-.98,.025,.025,(120,90,60))
def d_kite(p,c,r):
    p.line([(0,-.32),(-.08,-.18),(.05,-.08),(-.04,0)],.025,(70,70,80))
    for u,v in ((-.06,-.20),(.04,-.09)): p.poly([(u-.07,v-.035),(u+.07,v+.035),(u+.07,v-.035),(u-.07,v+.035)],sh(c,.85))
    p.poly([(0,-1.0),(.36,-.70),(0,-.30),(-.36,-.70)],c); p.poly([(0,-1.0),(.36,-.70),(0,-.70)],mix(c,(255,255,255),.35)); p.poly([(0,-.30),(-.36,-.70),(0,-.70)],sh(c,.82))
def d_boat(p,c,r):
    p.line([(0,-.25),(0,-1.0)],.035,(96,66,44)); p.poly([(.03,-.98),(.03,-.32),(.40,-.32)],c); p.poly([(-.03,-.86),(-.03,-.32),(-.30,-.32)],mix(c,(255,255,255),.4))
    p.poly([(-.50,-.26),(.50,-.26),(.34,0),(-.34,0)],(128,84,52)); p.rect(-.47,-.22,.47,-.17,(250,250,250))
def d_snowman(p,c,r):
    o=(196,210,228); w=(252,253,255)
    for v,q in ((-.22,.25),(-.56,.19)): p.ell(0,v,q+.012,q*.95+.012,o); p.ell(0,v,q,q*.95,w)
    p.ell(0,-.80,.14,.13,w); p.line([(-.16,-.58),(-.32,-.74)],.025,(100,70,44)); p.line([(.16,-.58),(.32,-.74)],.025,(100,70,44))
    p.rect(-.16,-.92,.16,-.89,INK); p.rect(-.10,-1.0,.10,-.90,INK); p.poly([(0,-.80),(.17,-.77),(0,-.76)],(246,130,30))
    p.ell(-.045,-.83,.018,.018,INK); p.ell(.045,-.83,.018,.018,INK); p.rect(-.13,-.70,.13,-.66,(214,50,50))
    for v in (-.58,-.50): p.ell(0,v,.016,.016,INK)
DRAW=dict(dog=d_dog,cat=d_cat,bird=d_bird,ball=d_ball,car=d_car,house=d_house,tree=d_tree,umbrella=d_umbrella,kite=d_kite,boat=d_boat,snowman=d_snowman)

_grad={}
def grad(top,bot,S,h):
    t=np.linspace(0,1,max(1,h))[:,None,None]; a=np.array(top)*(1-t)+np.array(bot)*t
    return Image.fromarray(np.broadcast_to(a,(max(1,h),S,3)).astype(np.uint8))

def draw_scene(sc, S=256):
    r=random.Random(sc["seed"]); night=sc["night"]; place=sc["place"]
    im=Image.new("RGB",(S,S)); d=ImageDraw.Draw(im); hz=r.uniform(.50,.56)
    j=lambda c,a=10: tuple(max(0,min(255,v+r.randint(-a,a))) for v in c)
    if night: sky=(j((10,14,48)),j((48,52,104)))
    else: sky={"beach":((70,168,238),(190,228,248)),"park":((96,180,240),(206,234,250)),"street":((128,186,228),(228,226,214)),"snow":((150,190,224),(224,236,246))}[place]; sky=(j(sky[0]),j(sky[1]))
    im.paste(grad(sky[0],sky[1],S,int((hz+.05)*S)+2),(0,0)); p=Pen(d,S); kb=(.42,.46,.62) if night else (1,1,1)
    p.at(0,0,1,False); cx,cy=sc["celest"]
    if night:
        for _ in range(22):
            x,y=r.random(),r.uniform(0,hz*.85); q=r.uniform(.002,.005); p.ell(x,y,q,q,(255,250,220))
        p.ell(cx,cy,.065,.065,(248,244,208)); p.ell(cx+.028,cy-.016,.054,.054,mix(sky[0],sky[1],cy/hz))
    else:
        p.ell(cx,cy,.085,.085,mix(mix(sky[0],sky[1],cy/hz),(255,238,150),.55)); p.ell(cx,cy,.062,.062,(255,222,70))
    p.k=kb
    for _ in range(r.randint(0,3)):
        x,y=r.random(),r.uniform(.08,.34); s=r.uniform(.6,1.1)
        cc=(250,252,255) if not night else (150,156,176)
        cc=mix(cc,sky[1] if not night else cc,.25)
        for u,v,q in((-.06,0,.035),(0,-.02,.05),(.06,0,.04)): p.ell(x+u*s,y+v*s,q*s,q*s*.7,cc)
    def ground(y0,top,bot):
        g=grad(p.C(j(top)),p.C(j(bot)),S,S-int(y0*S)); im.paste(g,(0,int(y0*S)))
    if place=="beach":
        ground(hz,(36,128,186),(80,186,214)); 
        for _ in range(9):
            x,y=r.random(),r.uniform(hz+.01,.66); p.line([(x,y),(x+.06,y)],.005,(200,236,246))
        pts=[(0,1)]+[(i/12,.655+.014*math.sin(i*.9+r.random()*.6)) for i in range(13)]+[(1,1)]
        p.poly([(u,v-.014) for u,v in pts],(236,246,246)); p.poly(pts,j((238,214,150)))
        for _ in range(26): x,y=r.random(),r.uniform(.70,1); p.ell(x,y,.005,.003,(214,186,124))
    elif place=="park":
        p.ell(r.uniform(0,.4),hz+.10,.5,.17,j((124,186,92))); p.ell(r.uniform(.6,1),hz+.10,.5,.19,j((108,174,84)))
        ground(hz+.03,(118,190,80),(78,152,58))
        for _ in range(24):
            x,y=r.random(),r.uniform(hz+.06,.99); p.line([(x-.008,y-.016),(x,y),(x+.008,y-.018)],.004,(60,128,46))
        for _ in range(7): x,y=r.random(),r.uniform(.66,.99); p.ell(x,y,.006,.006,r.choice([(255,255,255),(250,220,90),(246,150,190)]))
    elif place=="street":
        x=-.02
        while x<1:
            w=r.uniform(.09,.17); h=r.uniform(.10,.30); c=j(r.choice([(168,160,158),(150,156,170),(180,168,150)]),12)
            p.rect(x,hz-h,x+w,hz+.04,c)
            for yy in np.arange(hz-h+.025,hz-.02,.045):
                for xx in np.arange(x+.02,x+w-.025,.036):
                    lit=night and r.random()<.45; k=p.k
                    if lit: p.k=(1,1,1)
                    p.rect(xx,yy,xx+.018,yy+.024,(250,216,110) if lit else sh(c,.78)); p.k=k
            x+=w+r.uniform(0,.02)
        ground(hz+.03,(190,186,180),(182,178,172)); p.rect(0,.69,1,1,j((96,98,104))); p.rect(0,.685,1,.70,(150,148,146))
        for i in range(5): p.rect(.04+i*.22,.845,.15+i*.22,.86,(240,236,214))
    else:
        p.poly([(0,hz+.05),(.18,hz-.16),(.36,hz+.05)],(176,194,214)); p.poly([(.3,hz+.05),(.58,hz-.20),(.86,hz+.05)],(164,184,208)); p.poly([(.5,hz-.13),(.58,hz-.20),(.66,hz-.13),(.58,hz-.10)],(246,250,255)); p.poly([(.7,hz+.05),(.92,hz-.12),(1.1,hz+.05)],(180,198,216))
        ground(hz+.03,(214,226,238),(236,242,248)); p.ell(.2,hz+.09,.5,.08,(222,232,242)); p.ell(.85,hz+.10,.45,.07,(216,228,240))
    ko=(.86,.86,.88) if night else (1,1,1)
    for o in sorted(sc["objs"],key=lambda o:(o["c"] in("bird","kite"),o["y"])):
        rr=random.Random(o["seed"]); c=RGB[o["col"]]; a=rr.randint(-16,16); c=tuple(max(0,min(255,v+a+rr.randint(-5,5))) for v in c)
        p.at(o["x"],o["y"],o["h"],o["flip"])
        if o["c"] not in("bird","kite","boat"):
            p.k=kb; gcol={"beach":(206,180,120),"park":(62,128,48),"street":(84,86,92) if o["y"]>.69 else (150,146,142),"snow":(192,206,222)}[place]
            w={"dog":.5,"cat":.3,"ball":.42,"car":.95,"house":.45,"tree":.2,"umbrella":.3,"snowman":.28}[o["c"]]; p.ell(0,-.005,w,.05,gcol)
        p.k=ko; kw={}
        if o["c"]=="tree": kw["place"]=place
        if o["c"]=="house": kw["night"]=night
        DRAW[o["c"]](p,c,rr,**kw)
    if place=="snow":
        p.k=(1,1,1); p.at(0,0,1,False)
        for _ in range(r.choice([0,18,30])): x,y=r.random(),r.random(); p.ell(x,y,.005,.005,(255,255,255))
    return im

# ---------------------------------------------------------------- language
def info(sc):
    n={c:0 for c in CLASSES}; col={}
    for o in sc["objs"]: n[o["c"]]+=1; col[o["c"]]=o["col"]
    return n,col
def np_(n,c,col=None,art=True):
    a="" if c in("tree","snowman") or col is None else col+" "
    if n==1:
        w=a+c; return ("an " if w[0] in "aeiou" else "a ")+w
    return NUM[n]+" "+a+PLURAL[c]
WHERE={"beach":"on the beach","park":"in the park","street":"on the street","snow":"in the snow"}
def caption(sc):
    n,col=info(sc); ph=lambda c: np_(n[c],c,col[c])
    mains=[c for c in("dog","cat") if n[c]]
    if len(mains)==2: s=ph("dog")+" and "+ph("cat")
    elif mains: s=ph(mains[0])
    else: s=None
    if s:
        if n["ball"]: s+=" playing with "+ph("ball")
        elif n["snowman"]: s+=" next to "+ph("snowman")
        elif n["car"]: s+=" next to "+ph("car")
        elif n["umbrella"]: s+=" next to "+ph("umbrella")
        elif n["house"]: s+=" in front of "+ph("house")
        elif n["tree"]: s+=" near "+ph("tree")
    else:
        m=[c for c in("car","snowman","ball","umbrella") if n[c]]
        if m: s=" and ".join(ph(c) for c in m[:2])
        if s and n["house"]: s+=" in front of "+ph("house")
        elif s and n["tree"]: s+=" near "+ph("tree")
        if not s:
            m=[c for c in("house","tree","boat","bird","kite") if n[c]]; s=" and ".join(ph(c) for c in m[:2]) if m else "an empty scene"
    return s+" "+WHERE[sc["place"]]+(" at night" if sc["night"] else "")

OBJ_Q=["dog","cat","bird","ball","car","house","tree","umbrella","kite","boat","snowman"]
QTYPES=["count","color","exists","place","daynight","next","animal","side","colorcheck","playing","sky"]
def ask(sc, qt, r):
    n,col=info(sc); have=[c for c in CLASSES if n[c]]; ch=r.choice
    if qt=="count":
        c=ch(OBJ_Q) if r.random()<.15 or not have else ch([x for x in have for _ in range((0,2,3,5,7,7)[n[x]])]); p=PLURAL[c]
        return ch([f"how many {p} are in the picture?",f"how many {p} are there?",f"how many {p} do you see?",f"how many {p} are in this image?",f"how many {p} can you see?",f"how many {p}?"]), str(n[c])
    if qt=="color":
        m=[c for c in have if c not in("tree","snowman")]
        if not m: return None
        c=ch(m); w=ch(["color","color","colour"])
        if n[c]==1: return ch([f"what {w} is the {c}?",f"what is the {w} of the {c}?",f"what {w} is this {c}?"]), col[c]
        return ch([f"what {w} are the {PLURAL[c]}?",f"what is the {w} of the {PLURAL[c]}?"]), col[c]
    if qt=="exists":
        y=r.random()<.5
        c=ch(have) if y and have else ch([x for x in OBJ_Q if not n[x]])
        return ch([f"is there {'an' if c[0] in 'aeiou' else 'a'} {c} in the picture?",f"is there {'an' if c[0] in 'aeiou' else 'a'} {c}?",f"are there any {PLURAL[c]}?",f"do you see {'an' if c[0] in 'aeiou' else 'a'} {c}?",f"are there any {PLURAL[c]} in the picture?"]), "yes" if n[c] else "no"
    if qt=="place":
        g=[c for c in have if c in("dog","cat","ball","car","umbrella","snowman")]
        if g and r.random()<.5:
            c=ch(g); return (f"where is the {c}?" if n[c]==1 else f"where are the {PLURAL[c]}?"), sc["place"]
        return ch(["where is this?","where was this picture taken?","where was this photo taken?","what place is this?"]), sc["place"]
    if qt=="daynight":
        if r.random()<.6: return ch(["is it day or night?","is it daytime or nighttime?"]), "night" if sc["night"] else "day"
        if r.random()<.5: return ch(["is it night?","is it dark outside?","is it night time?"]), "yes" if sc["night"] else "no"
        return ch(["is it daytime?","is it day?","is the sun shining?"]), "no" if sc["night"] else "yes"
    if qt=="next":
        c1=[o for o in sc["objs"] if n[o["c"]]==1 and o["c"] not in("bird","kite","boat")]; r.shuffle(c1)
        for o in c1:
            ds=sorted((math.hypot(o["x"]-q["x"],(o["y"]-o["h"]/2-q["y"]+q["h"]/2)),q["c"]) for q in sc["objs"] if q is not o and q["c"] not in("bird","kite","boat"))
            if not ds or ds[0][0]>.36: continue
            oth=[x for x in ds if x[1]!=ds[0][1]]
            if oth and oth[0][0]<ds[0][0]*1.6+.05: continue
            return ch([f"what is next to the {o['c']}?",f"what is beside the {o['c']}?",f"what is near the {o['c']}?"]), ds[0][1]
        return None
    if qt=="animal":
        a=[c for c in("dog","cat","bird") if n[c]]
        if len(a)!=1: return None
        return ch(["what animal is this?","what animal is in the picture?","what animals are in the picture?","what kind of animal is this?"]), a[0]
    if qt=="side":
        m=[o for o in sc["objs"] if n[o["c"]]==1 and abs(o["x"]-.5)>.10]
        if not m: return None
        o=ch(m); return ch([f"is the {o['c']} on the left or on the right?",f"is the {o['c']} on the left or right?",f"which side is the {o['c']} on?"]), "left" if o["x"]<.5 else "right"
    if qt=="colorcheck":
        m=[c for c in have if c not in("tree","snowman")]
        if not m: return None
        c=ch(m); y=r.random()<.5; k=col[c] if y else ch([x for x in PAL[c] if x!=col[c]])
        return (f"is the {c} {k}?" if n[c]==1 else f"are the {PLURAL[c]} {k}?"), "yes" if y else "no"
    if qt=="playing":
        m=[c for c in("dog","cat") if n[c]]
        if len(m)!=1 or not n["ball"]: return None
        c=m[0]; return (f"what is the {c} playing with?" if n[c]==1 else f"what are the {PLURAL[c]} playing with?"), "ball"
    if qt=="sky":
        a="kite" if n["kite"] else "bird" if n["bird"] else "moon" if sc["night"] else "sun"
        return ch(["what is in the sky?","what do you see in the sky?"]), a
if __name__=="__main__":
    import time
    r=random.Random(5); scs=[sample_scene(r) for _ in range(300)]
    t=time.time(); ims=[draw_scene(s,256) for s in scs]; print("ms/scene 256",(time.time()-t)/300*1e3)
    t=time.time(); [i.resize((128,128),Image.BOX) for i in ims]; print("resize",(time.time()-t)/300*1e3)
    W=Image.new("RGB",(4*260,3*260),"white")
    for i in range(12):
        W.paste(draw_scene(scs[i],1024).resize((256,256),Image.LANCZOS),((i%4)*260,(i//4)*260)); print(i,caption(scs[i]))
        for q in QTYPES: print("    ",q,ask(scs[i],q,r))
    W.save("contact.png")
    from collections import Counter
    print(Counter(len(s["objs"]) for s in scs)); 
    W=Image.new("RGB",(6*132,2*132),"white")
    for i in range(12): W.paste(ims[i].resize((128,128),Image.BOX),((i%6)*132,(i//6)*132))
    W.save("contact128.png")
