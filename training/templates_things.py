"""Wordings of questions about things: their number, colors, places and sizes.

Slots: {thing}/{things}/{a_thing} are the bare words, {x} is "the dog", "this dog" or "the dogs" with {is} to match, {y} and
{is2}, {other}, {others} the same for a second thing, {loc} is "in the picture" or nothing. A kind of yes/no questions has
`ask`, `say` (a statement) and `short` wordings; other kinds have `ask`, `tell` (a clause after "tell me") and `short` ones.
"""

LOCATIONS = [
    "in (the|this|that|your|my) (picture|image|photo|photograph|scene|drawing|pic|painting|illustration|shot|view)",
    "(on|within|inside) (the|this) (picture|image|photo|screen|photograph)", "here", "there", "in it", "in total",
    "in all", "altogether", "(that|which) you can see", "visible[ (here|in the (picture|image|photo))]", "present",
    "shown[ (here|in the (picture|image|photo))]", "at this place", "around", "in sight", "can be seen", "in front of us",
]

WORDINGS = {
    "count": {
        "ask": [
            "how many {things} (are there|are|do you see|can you see|can be seen|can we see|exist|do you count|can you count|can you find|can you spot|appear|are visible|are shown|are present|are depicted|show up|does it show|does (the|this) (picture|image|photo|scene) (show|contain|have)|do we have|have we got|can i see|do i see|would you say there are){loc}",
            "how many {things}{loc}", "what (is|s) the [total|exact] (number|count|amount|quantity) of {things}{loc}",
            "what number of {things} (is|are) (there|shown|visible|in the picture)", "how many (of the|of these|different|single|individual) {things} (are there|do you see){loc}",
            "how (much|many) {things} (is|are) there{loc}", "(is|are) there (one|two|some|many) or how many {things}",
            "count (the|all the|all|these) {things}{loc}", "in (the|this) (picture|image|photo) how many {things} (are there|do you see|can you see)",
            "{things} how many[ (are there|do you see)]", "how many {thing}{loc}", "there are how many {things}{loc}",
            "you (can |)see how many {things}", "how large is the number of {things}", "how big is the group of {things}",
            "do you see (one|two|three|four|any) or more {things} how many",
        ],
        "tell": [
            "how many {things} (there are|you see|you can see|are there|are visible|are shown|are in the picture|we have){loc}",
            "the (number|count|amount) of {things}{loc}", "how many {things} you (count|find|notice|spot)",
        ],
        "short": ["[the|total] (number|count|amount|quantity|nr|no) of {things}{loc}", "{things} (how many|count|number|total)", "{thing} (count|number)", "(how many|howmany) {things}", "count {things}", "how many {thing}s"],
    },
    "color": {
        "ask": [
            "(what|which) {hue} (is|are) {x}{loc}", "(what|which) {hue} {is} {x}{loc}", "(what|which) {hue} {does} {x} have", "what (is|s) the {hue} of {x}{loc}",
            "(what|which) {hue} (is|would be) {thing}{loc}", "how (is|are) {x} (colored|coloured|painted)", "{x} {is} (what|which) {hue}",
            "what (is|s) {x} s {hue}", "(in|of) (what|which) {hue} {is} {x}[ (painted|drawn)]", "what {hue} of {thing} (is|do you see)[ (this|that|it|here|there)]",
            "(what|which) {hue} (do|would) you (say|think) {x} {is}", "(what|which) {hue} {thing} (is|do you see|can you see)[ (this|that|it|here|there)]",
            "what {hue} {does} {x} (appear|seem) to be", "(what|which) {hue} (was|were) {x}", "what (kind|sort|shade) of {hue} {is} {x}", "{x} what {hue} {is} (it|they|that)",
            "{is} {x} red or blue or what {hue}", "what {hue} (can|do) you see on {x}", "which of the {hue}s (has|have|is) {x}", "what shade {is} {x}", "what {hue} did they (paint|give) {x}",
            "looking at {x} what {hue} (is it|do you see)", "{x} (has|have|shows|comes in) (what|which) {hue}", "what would you call the {hue} of {x}", "name the {hue} of {x}",
        ],
        "tell": ["(what|which) {hue} {x} {is}", "the {hue} of {x}{loc}", "(what|which) {hue} {is} {x}", "{x} s {hue}", "(what|which) {hue} {x} (has|have|seems to be)"],
        "short": ["{hue} of {x}", "{thing} {hue}", "{x} {hue}", "{things} {hue}", "{thing} (what|which) {hue}", "(what|which) {hue} {thing}", "{hue} {thing}", "{hue} of {thing}", "{hue} {x}"],
    },
    "which_color": {
        "ask": [
            "(what|which) (thing|object|one|item) (is|looks|has the {hue}) {color}{loc}", "what (is|s) {color}{loc}", "what here is {color}", "(what|which) (things|objects) are {color}{loc}",
            "what {color} (thing|object|item) (is there|do you see|can you see|is shown){loc}", "is there (a|an|any) {color} (thing|object) what is it", "what do you see that is {color}", "(what|which) (of the things|of them|of these) (is|are) {color}",
            "what (has|comes in) the {hue} {color}", "what in (the|this) (picture|image|photo|scene) is {color}", "(what|which) (thing|object) {loc} is {color}", "what (is|s) the {color} (thing|object|one|item){loc}", "what has a {color} {hue}", "which (thing|object) would you call {color}",
        ],
        "tell": ["(what|which) (thing|object|one) is {color}", "what is {color}{loc}", "what the {color} (thing|object|item) is"],
        "short": ["{color} (thing|object|item)", "(what|which|anything) {color}", "(the|a|an|any) {color} (thing|object|one)", "(thing|object) that is {color}", "what {color}"],
    },
    "next": {
        "ask": [
            "(what|which thing|what object|which object|what thing) (is|stands|can be seen|do you see|can you see|is placed|is located|lies|sits|appears|is there|is found|is standing|is sitting) {near} {x}{loc}", "what s {near} {x}", "{near} {x} (is|there is|you see|stands) what",
            "{near} {x} what (is there|do you see|stands|can you see)", "what (is|are) {x} {near}", "what is {x} (standing|sitting|placed|located|positioned) {near}", "who is {near} {x}", "{x} {is} {near} what",
            "what (do you find|would you find|is to be seen) {near} {x}", "(what|which thing|which object) is (nearest|closest) to {x}", "what (is|s) the (nearest|closest) (thing|object) to {x}", "what (is|are) (around|right next to|directly beside|just beside|very close to|standing close to) {x}",
            "what (does|do) {x} have {near} (it|them)", "what (thing|object) (has|does) {x} {near} it", "what (neighbour|neighbor) {does} {x} have", "(what|which) is the (neighbour|neighbor) of {x}", "what keeps {x} company", "what accompanies {x}",
        ],
        "tell": ["(what|which thing) is {near} {x}", "what stands {near} {x}", "what you see {near} {x}", "the thing {near} {x}", "what {x} {is} {near}"],
        "short": ["(what|thing|object) {near} {x}", "{near} {x}", "{near} {thing}", "(nearest|closest) (thing|object) to {x}", "(neighbour|neighbor) of {x}", "what {near} {thing}"],
    },
    "next_color": {
        "ask": [
            "(what|which) {hue} (is|has) the (thing|object|one|item|neighbour|neighbor) {near} {x}", "what (is|s) the {hue} of (the (thing|object|one|item)|what is|whatever is|what s) {near} {x}", "(what|which) {hue} is (what is|whatever is|what you see|that) {near} {x}",
            "the (thing|object|item|one) {near} {x} (is|has) (what|which) {hue}", "what {hue} (does|has) the (thing|object|one) (that is|which is|standing|sitting|) {near} {x} [have]", "what (is|s) {near} {x} and what {hue} is it", "{near} {x} there is (something|a thing) what {hue} is it",
            "(what|which) {hue} is the (thing|object|one) (that|which) (is|stands|sits|lies) {near} {x}", "what {hue} is (the closest|the nearest) (thing|object) to {x}", "what {hue} are the (things|objects) {near} {x}", "how is the (thing|object) {near} {x} (colored|coloured)", "what {hue} is {x} s (neighbour|neighbor)",
        ],
        "tell": ["(what|which) {hue} the (thing|object|one) {near} {x} (is|has)", "the {hue} of (the (thing|object)|what is) {near} {x}"],
        "short": ["{hue} of (the thing|the object|thing|object|what is) {near} {x}", "{hue} (thing|object) {near} {x}", "{hue} {near} {x}"],
    },
    "side": {
        "ask": [
            "{is} {x} (on|at|to) the left or (on the |to the |the |)right[ side][ of (the|this) (picture|image|photo|scene)]", "(what|which) side {is} {x} on", "on (what|which) side [of (the|this) (picture|image|photo|scene)] {is} {x}", "on (what|which) side of (the|this) (picture|image|photo|scene) (do|can) you (see|find) {x}",
            "{is} {x} left or right", "left or right (where|which side) {is} {x}", "(what|which) side of (the|this) (picture|image|photo|scene) {is} {x} (on|at|in)", "{x} {is} on (what|which) side", "(in|on) (what|which) (half|part) of (the|this) (picture|image|photo) {is} {x}", "{does} {x} (stand|sit|appear|lie) (on the |)left or right",
            "(to|on|at) (what|which) (side|hand) {is} {x}", "do you see {x} on the left or [on] [the] right", "(which|what) side {does} {x} (stand|sit|appear) on", "{is} {x} to the right or [to] [the] left", "{is} {x} on the right or [on] [the] left[ side]", "where {is} {x} left or right", "(what|which) direction {is} {x} from the (middle|center|centre)", "{is} {x} (more to|closer to|nearer to|towards) the left or the right",
            "should i look (left|right) or (right|left) for {x}", "on (what|which) hand side {is} {x}", "in which direction is {x} left or right", "which (edge|border) is {x} closer to",
        ],
        "tell": ["(what|which) side {x} {is} on", "if {x} {is} (on the |)left or right", "whether {x} {is} (on the |)(left or [on the ]right|right or [on the ]left)", "the side of {x}", "on which side {x} {is}"],
        "short": ["{x} left or right", "{thing} left or right", "left or right {thing}", "side of {x}", "(which|what) side {thing}", "{thing} (which|what) side", "{thing} right or left", "{thing} side"],
    },
    "beside": {
        "ask": [
            "(what|which thing|what object|who) (is|stands|do you see|can you see|lies|sits|can be seen|appears|is located|is placed|is there|is standing) {leftof} {x}{loc}", "what s {leftof} {x}", "what (thing|object) is {leftof} {x}", "{leftof} {x} (there is|is|you see) what", "{leftof} {x} what (is there|do you see|can you see|stands)", "what (does|do) {x} have {leftofit}",
            "what (would|do) you find {leftof} {x}", "(if|when) (you look|i look|you go) {leftof} {x} what (do you|do i|will i) see", "(what|which thing|which object) comes {leftof} {x}", "what (is|are) {leftof} {thing}", "what (is|s) the (thing|object) {leftof} {x}",
        ],
        "tell": ["what is {leftof} {x}", "(what|which thing) stands {leftof} {x}", "what you see {leftof} {x}", "the thing {leftof} {x}"],
        "short": ["{leftof} {x}", "what {leftof} {x}", "{leftof} {thing}", "(thing|object) {leftof} {x}"],
    },
    "doing": {
        "ask": [
            "what {is} {x} doing{loc}", "what {does} {x} do", "what (is|are) {x} up to", "what (activity|action) {is} {x} (doing|engaged in|performing|busy with)", "what s {x} doing", "{x} {is} doing what", "what do you see {x} doing", "what (is|s) happening with {x}", "how {does} {x} spend (its|the|their) time", "what {is} {x} busy (with|doing)", "what (is|s) going on with {x}", "what (keeps|makes) {x} busy", "what would you say {x} {is} doing", "describe what {x} {is} doing", "(what|which) (activity|action) (do|can) you see {x} do", "what (is|are) {thing} doing", "what (is|are) {things} doing", "what does it look like {x} {is} doing", "what (might|could) {x} be doing",
        ],
        "tell": ["what {x} {is} doing", "what {x} {does}", "what {x} {is} up to", "the (activity|action) of {x}"],
        "short": ["{x} doing what", "{thing} doing", "what {thing} doing", "(activity|action) of {x}", "{things} doing what"],
    },
    "playing": {
        "ask": [
            "what {is} {x} playing (with|)[ here]", "(what|which) (toy|thing|object) {is} {x} playing with", "what {does} {x} play with", "with what {is} {x} playing", "what {thing} playing with", "{x} {is} playing with what", "what s {x} playing with", "what (toy|thing) {does} {x} (use|have to play with|have)", "(what|which) (toy|thing) (do|can) you see {x} play with", "what (is|are) {x} having fun with", "what {is} {x} chasing", "what {does} {x} (want to |like to |)(chase|play with)", "what (game|toy) {is} {x} playing [with]", "{is} {x} playing with something what is it", "what object (is|are) {x} (busy|enjoying itself) with", "what (is|s) the toy of {x}", "what is being played with by {x}", "what (has|have) {x} got to play with",
        ],
        "tell": ["what {x} {is} playing with", "what {x} {does} play with", "the toy that {x} {is} playing with"],
        "short": ["{thing} playing with", "{x} playing with", "toy of {x}", "{thing} playing with what", "{thing} toy", "what {thing} play with"],
    },
    "which_more": {
        "ask": [
            "(what|which|what kind|which kind) (are|is) (there|) more [of] {things} or {others}", "(are|is) there more {things} or [more] {others}{loc}", "(what|which) (do|can) you see more [of] {things} or {others}", "{things} or {others} (what|which) (are|is) there more of", "do you see more {things} or [more] {others}", "(what|which) (are|is) more (numerous|frequent|common) {things} or {others}",
            "of (what|which) are there more {things} or {others}", "(what|which) (outnumber|outnumbers) the other {things} or {others}", "what (is|are) there more of {things} or {others}", "more {things} or [more] {others}", "(what|which) (has|have) (the|a) (higher|greater|larger|bigger) (number|count) {things} or {others}", "are the {things} or the {others} in the majority", "(which|what) (group|kind) is (bigger|larger) the {things} or the {others}", "does the picture (have|show|contain) more {things} or [more] {others}", "between {things} and {others} which are more", "which are there more of {things} or {others}", "(what|which) is more {things} or {others}",
        ],
        "tell": ["(if|whether) there are more {things} or [more] {others}", "(what|which) there are more of {things} or {others}"],
        "short": ["more {things} or {others}", "{things} or {others} (what|which) (is|are|) more", "more of {things} or {others}", "{things} or {others} more"],
    },
    "which_bigger": {
        "ask": [
            "(what|which|which one|which thing|who) is {bigger} {x} or {y}", "{is} {x} or {y} {bigger}", "(what|which) is the {bigger} one {x} or {y}", "(of|between) {x} and {y} which [one] is {bigger}", "{x} or {y} (which|what) [one] is {bigger}", "(what|which) looks {bigger} {x} or {y}", "(what|which) of (the two|them) is {bigger} {x} or {y}", "what is {bigger} {x} or {y}{loc}", "(what|which) (one|) (appears|seems) {bigger} {x} or {y}", "which is drawn {bigger} {x} or {y}", "comparing {x} and {y} which is {bigger}", "{bigger} {x} or {y}", "(what|which) takes (up |){spacemore} {x} or {y}", "(which|what) has the {bigger} size {x} or {y}",
        ],
        "tell": ["(what|which) is {bigger} {x} or {y}", "whether {x} or {y} is {bigger}"],
        "short": ["{bigger} {thing} or {other}", "{thing} or {other} {bigger}", "which {bigger} {thing} or {other}"],
    },
}
