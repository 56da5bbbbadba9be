"""Wordings of yes/no questions about things. `ask` are questions, `say` are statements, `short` is a telegram.

The statements also become questions: "there is a dog, right?", "is it true that there is a dog?", "tell me if there is a dog".
"""

YES_NO = {
    "exists": {
        "ask": [
            "is there {a_thing}{loc}", "(is|are) there (any|some|one) ({thing}|{things}){loc}", "are there [any|some] {things}{loc}", "(do|can) (you|we) [also|actually] (see|find|spot|notice|make out) ({a_thing}|any {things}|any {thing}|some {things}|one {thing}|{things}){loc}", "(does|do) (the|this) (picture|image|photo|scene|drawing) (show|contain|have|include|display) ({a_thing}|any {things}|{things})",
            "(is|are) ({a_thing}|any {thing}|any {things}|{things}) (visible|present|shown|depicted|in sight|included|around|here|there)[ in (the|this) (picture|image|photo)]", "isn t there {a_thing}{loc}", "aren t there [any|some] {things}{loc}", "has (the|this) (picture|image|scene) [got] {a_thing}", "can {a_thing} be seen{loc}", "(is|are) ({a_thing}|{things}) in (the|this) (picture|image|photo|scene)", "can (i|one) see {a_thing}{loc}", "will i (find|see) {a_thing}{loc}",
            "did (they|you|someone|the artist) (draw|paint|put|include) {a_thing}{loc}", "does {a_thing} (appear|exist|occur|show up){loc}", "do {things} (appear|exist|occur|show up){loc}", "is (this|that|it) a (picture|photo|image) (of|with) {a_thing}", "do we have [any|some] ({things}|{thing}){loc}", "are you able to see {a_thing}", "would you say there (is|are) ({a_thing}|{things}){loc}", "could there be {a_thing}{loc}", "is at least one {thing} (here|there|in the picture|visible)", "is there something like {a_thing}{loc}", "was there {a_thing}{loc}",
            "have you (seen|found|noticed|spotted) ({a_thing}|any {things}){loc}", "does anyone see {a_thing}", "has anybody seen {a_thing} here", "any {things}{loc}", "any {thing}{loc}", "(is|are) there even (a single|one) {thing}{loc}",
        ],
        "say": ["there is {a_thing}{loc}", "there are [some] {things}{loc}", "(you|we|i) [can] see ({a_thing}|{things}|some {things}){loc}", "(the|this) (picture|image|photo|scene) (shows|contains|has) ({a_thing}|{things})", "({a_thing}|{things}) can be seen", "{a_thing} is (visible|present|in the picture|here|there|in it)", "{things} are (visible|present|in the picture|here|there|in it)", "it has {a_thing}"],
        "short": ["{thing}", "{things}", "any {things}", "any {thing}", "{a_thing}", "{thing} (yes or no|there|here|present|visible)", "{things} (yes or no|there|here|present|visible)", "{thing} in (picture|image|the picture|photo)", "see {thing}", "see {a_thing}"],
    },
    "exists_two": {
        "ask": ["(is|are) there [both] {a_thing} and {a_other}{loc}", "are there {things} and {others}{loc}", "(do|can) you see [both] {a_thing} and {a_other}{loc}", "does (the|this) (picture|image|photo) (show|contain) (both |){a_thing} and {a_other}", "are both {things} and {others} (visible|present|in the picture)"],
        "say": ["there (is|are) {a_thing} and {a_other}{loc}", "you [can] see {things} and {others}"],
        "short": ["{thing} and {other}", "{things} and {others} in the picture", "both {thing} and {other}"],
    },
    "number_check": {
        "ask": ["are there [exactly] {n} {things}{loc}", "is it {n} {things}", "do you see [exactly] {n} {things}{loc}", "(is|are) the number of {things} {n}", "{is1} there (only|just|exactly) {n} {some}{loc}", "does the (picture|image|photo) show [exactly] {n} {some}", "can you count {n} {some}"],
        "say": ["there {is1} [exactly|only|just] {n} {some}{loc}", "(you|i) see [exactly] {n} {some}", "the number of {things} is {n}"],
        "short": ["{n} {some}", "[exactly|only|just] {n} {some}{loc}"],
    },
    "more_than": {
        "ask": ["(are|is) there more than {n} {some}{loc}", "do you see more than {n} {some}", "is the number of {things} (greater|higher|larger|bigger) than {n}", "does the picture show more than {n} {some}"],
        "say": ["there are more than {n} {some}{loc}", "you see more than {n} {some}"],
        "short": ["more than {n} {some}"],
    },
    "is_color": {
        "ask": ["{is} {x} {color}{loc}", "{is} {x} (really|actually|all|completely|mostly|indeed) {color}", "{does} {x} (look|appear|seem [to be]) {color}", "{is} the {hue} of {x} {color}", "{is} {x} (painted|colored|coloured|drawn [in]) {color}", "{is} {x} {color} or (not|another {hue}|some other {hue})", "{isnt} {x} {color}", "is {color} the {hue} of {x}", "(do|would) you (think|say) {x} {is} {color}", "{is} {thing} {color}", "{is} {x} {color} in {hue}", "{does} {x} have a {color} {hue}", "{is} (this|that|it) a {color} {thing}", "{is} {x} of {color} {hue}", "is the {thing} that you see {color}", "can {x} be called {color}", "could you call {x} {color}", "does {x} have the {hue} {color}", "was {x} {color}", "has {x} [got] the {hue} {color}", "is it a {color} {thing}", "are they {color} {things}"],
        "say": ["{x} {is} {color}", "{x} (looks|seems|appears) {color}", "the {hue} of {x} is {color}", "{x} {is} (really|actually) {color}", "{x} (has|have) a {color} {hue}", "(it is|this is|it s) a {color} {thing}"],
        "short": ["{thing} {color}", "{x} {color}", "{color} {thing} or not", "{things} {color}", "{thing} is {color}"],
    },
    "exists_color": {
        "ask": ["is there a {color} {thing}{loc}", "are there [any|some] {color} {things}{loc}", "(do|can) you see (a|any|some) {color} ({thing}|{things}){loc}", "does (the|this) (picture|image) (show|have|contain) (a|any) {color} {thing}", "any {color} {things}{loc}", "is a {color} {thing} (visible|present|here|in the picture)"],
        "say": ["there is a {color} {thing}{loc}", "there are {color} {things}{loc}", "you [can] see a {color} {thing}"],
        "short": ["any {color} {things}", "a {color} {thing}", "{color} {things}{loc}", "see {color} {thing}"],
    },
    "is_next": {
        "ask": ["{is} {x} {near} {y}{loc}", "{does} {x} (stand|sit|lie) {near} {y}", "do you see {x} {near} {y}", "{isnt} {x} {near} {y}", "is there {a_thing} {near} {y}", "(do|would) you say {x} {is} {near} {y}", "{is} {x} and {y} (next to|close to|near) each other", "{is} {x} (standing|sitting|placed|located) {near} {y}"],
        "say": ["{x} {is} {near} {y}", "{x} (stands|sits) {near} {y}", "there is {a_thing} {near} {y}"],
        "short": ["{thing} {near} {other}", "{x} {near} {y}"],
    },
    "is_left": {
        "ask": ["{is} {x} {leftof} {y}{loc}", "{does} {x} (stand|sit|lie|appear) {leftof} {y}", "do you see {x} {leftof} {y}", "{isnt} {x} {leftof} {y}", "is there {a_thing} {leftof} {y}", "(do|would) you say {x} {is} {leftof} {y}", "{is} {x} (further |more |)(to the {leftword}|{leftword}) than {y}", "{is} {x} (standing|sitting|placed|located|positioned|found|situated) {leftof} {y}", "{is} {x} {leftside} {y}", "can {x} be (seen|found) {leftof} {y}", "do i see {x} {leftof} {y}", "{is} {thing} {leftof} {other}", "{leftof} {y} is there {a_thing}", "{leftof} {y} do you see {a_thing}"],
        "say": ["{x} {is} {leftof} {y}", "{x} (stands|sits|appears) {leftof} {y}", "there is {a_thing} {leftof} {y}", "{leftof} {y} there is {a_thing}"],
        "short": ["{thing} {leftof} {other}", "{x} {leftof} {y}", "{thing} {leftword} of {other}"],
    },
    "is_side": {
        "ask": ["{is} {x} (on|at|to) the {leftword}[ side][ of (the|this) (picture|image|photo|scene)]", "{is} {x} on the {leftword} hand side", "do you see {x} on the {leftword}[ side]", "{isnt} {x} on the {leftword}", "is there {a_thing} on the {leftword}[ side]", "{does} {x} (stand|sit|appear) on the {leftword}", "{is} {x} (in the {leftword} (half|part)|{leftword})"],
        "say": ["{x} {is} (on|at) the {leftword}[ side]", "there is {a_thing} on the {leftword}", "you see {x} on the {leftword}"],
        "short": ["{thing} (on the|on|) {leftword}", "{thing} on {leftword} side"],
    },
    "more": {
        "ask": ["are there more {things} than {others}{loc}", "do you see more {things} than {others}", "(is|are) the {things} more numerous than [the] {others}", "do [the] {things} outnumber [the] {others}", "(is|are) there (a larger|a higher|a greater|a bigger) number of {things} than [of] {others}", "does the (picture|image|photo|scene) (show|have|contain) more {things} than {others}", "more {things} than {others}", "is the number of {things} (greater|higher|larger|bigger) than (the number|that) of {others}", "aren t there more {things} than {others}", "are {things} in the majority compared (to|with) {others}", "are there (fewer|less) {others} than {things}", "do you see (fewer|less) {others} than {things}", "are [the] {things} more than [the] {others}", "would you say there are more {things} than {others}", "can you (see|find|count) more {things} than {others}", "do we have more {things} than {others}", "is there more {things} than {others}", "are there more {thing} than {other}", "(are|do) [the] {others} (fewer|less) than [the] {things}"],
        "say": ["there are more {things} than {others}{loc}", "you see more {things} than {others}", "there are (fewer|less) {others} than {things}", "{things} outnumber {others}"],
        "short": ["more {things} than {others}", "{things} more than {others}", "(fewer|less) {others} than {things}"],
    },
    "as_many": {
        "ask": ["are there as many {things} as {others}{loc}", "(is|are) the number of {things} and {others} (the same|equal)", "do you see as many {things} as {others}", "are there (equally many|the same number of) {things} and {others}"],
        "say": ["there are as many {things} as {others}", "there is the same number of {things} and {others}"],
        "short": ["as many {things} as {others}", "same number of {things} and {others}"],
    },
    "is_bigger": {
        "ask": ["{is} {x} {bigger} than {y}{loc}", "{does} {x} (look|appear|seem) {bigger} than {y}", "{isnt} {x} {bigger} than {y}", "{is} {thing} {bigger} than {other}", "{is} {x} [drawn|shown] {bigger} than {y}", "would you say {x} {is} {bigger} than {y}", "{is} {y} {smaller} than {x}"],
        "say": ["{x} {is} {bigger} than {y}", "{x} (looks|seems) {bigger} than {y}"],
        "short": ["{thing} {bigger} than {other}", "{x} {bigger} than {y}"],
    },
    "same_color": {
        "ask": ["(is|are|do) {x} and {y} (the same|of the same|have the same|in the same) {hue}", "{is} {x} (the same|of the same) {hue} as {y}", "do {x} and {y} (have the same|share [the|a]|match in) {hue}", "(is|are) the {hue} of {x} and {y} (the same|equal|identical)", "{does} {x} have the same {hue} as {y}", "are [the] {things} and [the] {others} the same {hue}", "{does} {x} match {y} in {hue}", "are {x} and {y} (both of|of) one {hue}"],
        "say": ["{x} and {y} (are|have) the same {hue}", "{x} {is} the same {hue} as {y}"],
        "short": ["{thing} and {other} same {hue}", "same {hue} {thing} and {other}", "{x} same {hue} as {y}"],
    },
    "is_doing": {
        "ask": ["{is} {x} {action}{loc}", "do you see {x} {action}", "{isnt} {x} {action}", "would you say {x} {is} {action}", "(is|are) there {a_thing} {action}"],
        "say": ["{x} {is} {action}", "you see {x} {action}"],
        "short": ["{thing} {action}", "{x} {action}"],
    },
}
