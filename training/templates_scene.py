"""Wordings of questions about the whole scene: place, time, weather, sky, animals, totals; in the forms of templates_things.py
and templates_yes_no.py.
"""

PIC = "(picture|image|photo|photograph|scene|drawing|pic)"

SCENE = {
    "total_animals": {
        "ask": ["how many {animals} (are there|are|do you see|can you see|can be seen|exist|are visible|are shown|do you count|can you count|can we see|are present|does the picture show|appear|can you spot){loc}", "how many {animals}{loc}", "what (is|s) the [total|exact|full|whole] (number|count|amount) of [all] {animals}{loc}", "count (the|all the|all) {animals}{loc}", "how many {animals} (altogether|in total|in all|all together|overall)", "{animals} how many[ are there]", "how (much|many) {animals} (is|are) there[ altogether|in total]", "in total how many {animals} (are there|do you see)", "how many {animals} of (any|every|all) (kind|kinds|type|sort) (are there|do you see)", "altogether how many {animals} (are there|do you see)", "what number of {animals} (is|are) there", "how many {animals} live here", "how many {animals} if you count (all|them all|everything|every kind)"],
        "tell": ["how many {animals} (there are|you see|you can see|are there|are visible){loc}", "the [total] (number|count) of [all] {animals}{loc}"],
        "short": ["[total] (number|count|amount) of [all] {animals}{loc}", "{animals} (how many|count|number|total|in total)", "total {animals}", "count {animals}", "all {animals} count"],
    },
    "place": {
        "ask": ["where (is|was) (this|that|it|the {pic}|this {pic})[ taken|made|shot]", "where (was|were) (this|the|that) {pic} (taken|made|shot|drawn)", "(what|which) (place|location|kind of place|sort of place|type of place|spot|setting|surroundings) (is|does) (this|that|it|shown|here)[ show|here]", "where are we", "where (is|s) (the|this) {pic} (from|set|taking place)", "where (does|did) (this|it|the scene) (take place|happen|play)", "what (is|s) the (place|location|setting|background|scenery|environment|surrounding|landscape)[ here| of (the|this) {pic}| like]", "(in|at) (what|which) (place|location|kind of place|setting|surroundings) (is|was) (this|it|the {pic})[ taken]", "where (am i|could this be|might this be|would this be|do you think this is|are they|is everybody|are all these things|is everything|is that)", "what (place|location|landscape|scenery|environment) (do you see|can you see|is shown|is depicted|is in the {pic}|am i looking at)", "(what|which) place (does|do) (the|this) {pic} (show|depict)", "what (s|is) (in the|the) background", "what kind of (landscape|scenery|environment|area|setting) (is|do you see)[ this|that|it|here]", "where would (you|i) (have to |)(be|go|stand) to (see|take) this", "is (this|it) a (beach|park|street) (or|) (a|) (park|street|beach|snow) or (what|where)", "where did (you|they|someone) (take|draw|make|shoot) (this|this {pic}|it)", "where in the world (is|was) this", "which scene is shown", "what s this place", "name the place"],
        "tell": ["where (this|it|that|the {pic}) (is|was)[ taken|made]", "where we are", "(what|which) (place|location) (this|it|that) is", "the (place|location|setting)", "where the {pic} was (taken|made)"],
        "short": ["(place|location|setting|where|scene|scenery|background|surroundings|environment)", "where this", "what place", "which place", "place of the {pic}", "where taken", "where {pic} taken"],
    },
    "where_thing": {
        "ask": ["where (is|are|s) {x}{loc}", "where {is} {x}", "where (do|can) you (see|find|spot) {x}", "where {does} {x} (stand|sit|stay|appear|play)", "(in|at|on) (what|which) place {is} {x}", "(what|which) place {is} {x} (in|at)", "{x} {is} where", "where would i find {x}", "where {is} {x} (standing|sitting|located|placed|to be found|found|situated)", "what (is|s) the (location|place) of {x}", "where s {thing}", "where are {things}"],
        "tell": ["where {x} {is}", "where you see {x}", "the (place|location) of {x}", "where to find {x}"],
        "short": ["where {thing}", "{thing} where", "(location|place) of {x}", "{x} where"],
    },
    "time": {
        "ask": ["(what|which) time [of [the] day] (is it|is this|was it|is shown|do you see|was this|does it show|is it in the {pic}|does the {pic} show)", "is (it|this) [in the] (day|daytime|day time|daylight|light|during the day) or [in the|at|during the] (night|nighttime|night time|dark|darkness)[ in (the|this) {pic}| here|]", "is (it|this) (night|nighttime|night time|dark) or (day|daytime|day time|light|daylight)[ here|]", "what part of the day is (it|this|shown)", "when (was|is|s) (this|the|that|it) [{pic}] [taken|made|shot|drawn]", "is (the|this) {pic} (taken|made|shot) (by|during the|at|in the) (day|night) or (by|at|during the|in the) (night|day)", "was (it|this) (taken|made|shot|) (day|in the day|during the day|by day|at day) or [at|by|during the|in the] night", "day or night", "what (is|s) the time[ of day|of the day|here|in the {pic}]", "at (what|which) time [of [the] day] (is|was) (this|it|the {pic}) [taken|made]", "does (it|this|the {pic}) show day or night", "what time s it", "what time would you say it is", "do we have day or night", "(when|what time) does (this|it|the scene) (happen|take place)", "what time of the day", "how late is it", "which (hours|hour) is it day or night", "is it light or dark[ outside| out there]", "is it dark or light [outside]", "is it bright or dark"],
        "tell": ["(what|which) time [of [the] day] it is", "(if|whether) (it|this) is (day or night|night or day|daytime or nighttime)", "the time of [the] day", "when (this|the {pic}|it) was (taken|made)"],
        "short": ["time of [the] day", "(day|daytime) or (night|nighttime)", "night or day", "time", "what time", "day night", "when", "time in the {pic}"],
    },
    "weather": {
        "ask": ["(what|how) (is|s) the weather[ like][ today|here|there|outside|in (the|this) {pic}|at the moment|right now|]", "what (kind|sort|type) of weather (is it|is there|do you see|do they have|is shown|do we have|is this|does the {pic} show)", "(what|which) weather (do you see|is it|is shown|is there|can you see|do they have|do we have|does it show|is that)", "how does the weather look", "what does the weather look like", "is the weather (good|bad|nice|fine) or (bad|good|what)", "what (are|is) the weather (conditions|condition)", "how would you describe the weather", "what (is|s) (it|the weather) like (outside|out there|out)", "describe the weather", "what about the weather", "how (is|s) (it outside|the climate)", "is it (sunny|rainy|cloudy|snowy|clear) or (snowy|clear|sunny|rainy|cloudy)[ or what]", "what s the (forecast|climate)[ here]", "is it sunny or (snowy|raining|rainy|snowing|cloudy)", "what s the sky like and the weather", "what weather"],
        "tell": ["what the weather is [like]", "how the weather is", "the weather[ {loc}]", "what (kind|sort) of weather it is", "about the weather"],
        "short": ["weather", "weather (today|here|in the {pic}|condition|conditions|outside)", "the weather", "what weather"],
    },
    "season": {
        "ask": ["(what|which) season (is it|is this|is shown|was it|does the {pic} show|do you see)", "(what|which) time of [the] year (is it|is this)", "is it (summer|winter) or (winter|summer)", "in (what|which) season was (this|the {pic}) (taken|made)"],
        "tell": ["(what|which) season it is", "(what|which) time of [the] year it is"],
        "short": ["season", "time of year", "summer or winter"],
    },
    "inside": {
        "ask": ["is (this|it) (indoors|inside) or (outdoors|outside)", "is (this|it|the {pic}) [taken] (outdoors|outside) or (indoors|inside)", "(are we|are they) (inside|indoors) or (outside|outdoors)"],
        "tell": ["(if|whether) (this|it) is (inside or outside|indoors or outdoors)"],
        "short": ["(indoors|inside) or (outdoors|outside)", "(outdoors|outside) or (indoors|inside)"],
    },
    "sky": {
        "ask": ["what (is|s|are|do you see|can you see|can be seen|appears|is there|is up|is visible|is shown|hangs|flies|is flying|shines|could you see) (in|at|on|up in|there in) (the|that) sky", "what (is|s) (above|over|overhead|over the ground|up there|up above|up in the air|in the air|at the top|on top|up high|high up)[ in (the|this) {pic}]", "(which|what) (thing|object|things|objects) (is|are|do you see|can you see) (in|at|on|up in) the sky", "in the sky (what is there|what do you see|what can you see|there is what|i see what)", "looking (up|at the sky) what do you see", "what (do|can|would|will) (you|i|we) see (when (you|i) look up|up there|above|up in the sky|at the sky|overhead|if (you|i) look up)", "is there (anything|something) in the sky what (is it|do you see)", "what does the sky (show|have|contain|hold)", "what (is|s) (going on|happening) in the sky", "what (fills|decorates) the sky", "(which|what) (thing|object) is up there", "anything in the sky"],
        "tell": ["what is (in|up in) the sky", "what you see in the sky", "(which|what) (thing|object) is in the sky"],
        "short": ["in the sky", "(what|thing|object|something) in [the] sky", "sky", "sky what", "in sky", "sky objects"],
    },
    "animal": {
        "ask": ["(what|which|what kind of|what sort of|what type of|which kind of) ({animal}|{animals}) (is|are|do you see|can you see|can be seen|is shown|are shown|is visible|are there|is there|lives|live|appears|is depicted)[ (this|that|it|here|there|these|they|in (the|this) {pic})|]", "(what|which) ({animal}|{animals}) (does|do) (the|this) {pic} (show|contain|have)", "is (it|this|that) a (dog|cat|bird) or a (cat|bird|dog)", "(what|which) (kind|kinds|sort|sorts|type|types) of {animals} (are|do)[ there| you see]", "(what|which) {animals} (are|is) (there|here|these|in (the|this) {pic})", "(name|list|identify) the ({animal}|{animals})", "the {animal}{loc} is (what|what kind|which one|called what)", "what do you call (this|that|the) {animal}", "(who|what) is the {animal}{loc}", "(what|which) {animal} am i looking at", "(what|which) ({animal}|{animals}) (would you say|do you think) (is|are) (this|these|that)", "what (species|breed) (is|are) (this|the {animal}|these|it)", "what {animals} can (you|we|i) (see|find|spot)", "(which|what) {animals}{loc}", "what (is|s) (this|that|the) {animal}"],
        "tell": ["(what|which|what kind of) ({animal}|{animals}) (it is|this is|you see|there (is|are)|is in the {pic})", "the (kind|type|name) of the {animal}", "which {animals} there are"],
        "short": ["(what|which|kind of|type of) ({animal}|{animals})", "{animal}{loc}", "{animals}{loc}", "(name|kind|type|species) of [the] {animal}", "{animal} (name|type|kind)"],
    },
    "kinds": {
        "ask": ["how many (kinds|types|sorts|species|different kinds|different sorts|different types) of {animals} (are there|do you see|can you see){loc}", "how many different {animals} (are there|do you see){loc}"],
        "tell": ["how many (kinds|types|sorts) of {animals} there are"],
        "short": ["number of (kinds|types|sorts) of {animals}", "(kinds|types) of {animals} how many"],
    },
    "things": {
        "ask": ["what (things|objects|items) (are|do you see|can you see|can be seen|are shown|are there|are visible)[ (here|in (the|this) {pic})|]", "what (is|s) (in|on|shown in|visible in|depicted in) (the|this) {pic}", "what (do|can) (you|we|i) see[ here|in (the|this) {pic}|]", "what does (the|this) {pic} (show|contain|depict)", "what (is|s) (there|here|this|that|shown|to see)[ to see|]", "(list|name|enumerate) (all |)(the |)(things|objects|items|everything)[ in (the|this) {pic}|you see]", "(which|what) (things|objects|items) does (the|this) {pic} (show|contain|have)", "what all (is|do you see) (here|in the {pic})", "what (is|s) (this|it) a {pic} of", "describe (the|this) {pic}", "describe what you see", "what am i looking at", "what (is|are) the contents of (the|this) {pic}", "(what|which) things are there", "what else is there", "what exactly is (here|there|in the {pic})"],
        "tell": ["(what|which) (things|objects) (there are|are there|you see)", "what (you see|is in the {pic}|the {pic} shows|is there)", "everything that you see", "about (the|this) {pic}"],
        "short": ["(things|objects|items|contents)[ in (the|this) {pic}|]", "what (things|objects)", "list of (things|objects)", "everything in the {pic}"],
    },
    "scenery_color": {
        "ask": ["(what|which) {hue} (is|has) the {scenery}{loc}", "what (is|s) the {hue} of the {scenery}{loc}", "(what|which) {hue} does the {scenery} have", "the {scenery} has what {hue}", "how is the {scenery} (colored|coloured)"],
        "tell": ["(what|which) {hue} the {scenery} is", "the {hue} of the {scenery}"],
        "short": ["{hue} of the {scenery}", "{scenery} {hue}", "{hue} of {scenery}"],
    },
}

SCENE_YES_NO = {
    "is_place": {
        "ask": ["(is|was) (this|that|it) [at|on|in] ({a_place}|the {place})", "is (this|that) {a_place}[ scene|here|or not|]", "are (we|they|you) (at|on|in) (the|a) {place}", "(was|is) (the|this) {pic} (taken|made|shot|drawn|set) (at|on|in) (the|a) {place}", "does (this|it|the {pic}) (show|depict|look like) ({a_place}|the {place})", "(do|can) you see {a_place}", "is the (place|location|setting|scene|background|landscape) ({a_place}|the {place})", "isn t (this|that|it) {a_place}", "is it (at|on|in) (the|a) {place}", "would you (say|call) this [is] {a_place}", "could this be {a_place}", "does the scene (take place|happen|play) (at|on|in) (the|a) {place}", "is {a_place} (shown|visible|the place)", "am i looking at {a_place}", "are we looking at {a_place}", "is that what you call {a_place}", "did they (take|make) this (at|on|in) (the|a) {place}", "have we got {a_place} here", "is this place {a_place}", "does this take place (at|on|in) (the|a) {place}", "is there {a_place}{loc}"],
        "say": ["(this|that|it) is {a_place}", "(we|they) are (at|on|in) (the|a) {place}", "(this|the {pic}) was (taken|made) (at|on|in) (the|a) {place}", "the place is {a_place}", "(it|this|the {pic}) shows {a_place}", "it is (at|on|in) the {place}", "it s {a_place}", "you see {a_place}"],
        "short": ["{place}", "{a_place}", "{place} (or not|yes or no)", "at the {place}"],
    },
    "is_night": {
        "ask": ["is (it|this) [at] (night|nighttime|night time|dark|late|evening)[ outside|here|in (the|this) {pic}|there|now|]", "is it (dark|night) (outside|out|out there)", "(was|is) (this|the {pic}|it) (taken|made|shot|) (at|by|during the|during|in the) (night|nighttime|dark|darkness)", "does (it|this|the {pic}) (show|depict) (a|the|) (night|night scene)", "isn t it (night|dark)[ outside|]", "has the sun (set|gone down)", "(is|are) the (moon|stars|moon and stars) (visible|out|shining|in the sky|up|there)", "is there a moon", "are there [any] stars[ in the sky|]", "can you see the (moon|stars)", "do you see (the|a|any) (moon|stars)", "is it night (rather|instead|and not) [than] day", "is the sky (dark|black)", "would you say it is (night|dark)", "is it after (dark|sunset)", "is it bedtime", "are we at night", "is it (already|really) (night|dark)", "is this a (night|nighttime) (scene|{pic}|shot)", "does it look like night", "is the scene (dark|at night)", "did (someone|they) take this at night", "do the stars shine", "is the moon (out|shining|up)", "night time is it"],
        "say": ["(it|this) is (night|dark|nighttime|night time)[ outside|here|]", "(this|the {pic}) was (taken|made) at night", "there (is a moon|are stars)[ in the sky|]", "the (moon is|stars are) (shining|out|up)", "it is (a|) night (scene|)", "it s (night|dark)"],
        "short": ["night", "at night", "dark", "dark outside", "nighttime", "moon", "stars", "night (yes or no|or not)"],
    },
    "is_day": {
        "ask": ["is (it|this) [by] (day|daytime|day time|daylight|light|bright|morning|midday|noon|afternoon)[ outside|here|in (the|this) {pic}|there|now|]", "is it (bright|light) (outside|out|out there)", "(was|is) (this|the {pic}|it) (taken|made|shot|) (by|during the|during|at|in the) (day|daytime|daylight|day time)", "does (it|this|the {pic}) (show|depict) (a|the|) (day|day scene)", "isn t it (day|daytime|light|bright)[ outside|]", "(is|does) the sun (shining|visible|out|up|shine|there|in the sky)[ here|in (the|this) {pic}|]", "is there [a|any] (sun|sunshine|sunlight|daylight)[ in the sky|in (the|this) {pic}|]", "can you see the sun", "do you see (the|a|any) (sun|sunshine|sunlight)", "has the sun (risen|come up)", "is it day (rather|instead|and not) [than] night", "is the sky (bright|blue|light)", "would you say it is (day|daytime)", "are we in daylight", "is (it|the) (already|really|) day", "is this a (day|daytime) (scene|{pic}|shot)", "does it look like day", "is the scene (bright|in daylight)", "did (someone|they) take this by day", "does the sun shine", "day time is it", "is it (broad |full |)daylight"],
        "say": ["(it|this) is (day|daytime|day time|light|bright)[ outside|here|]", "(this|the {pic}) was (taken|made) (by day|during the day)", "there is (sun|a sun|sunshine)[ in the sky|]", "the sun is (shining|out|up)", "the sun shines", "it s (day|daytime|bright)"],
        "short": ["day", "by day", "daytime", "sun", "sunshine", "bright", "daylight", "day (yes or no|or not)"],
    },
    "is_weather": {
        "ask": ["is (it|the weather) {weather}[ outside|here|in (the|this) {pic}|today|there|]", "isn t it {weather}", "does it look {weather}", "would you (say|call) it {weather}", "is (this|it) a {weather} (day|place|scene)", "is the weather {weather} or not"],
        "say": ["(it|the weather) is {weather}", "(it|the weather) looks {weather}", "it is a {weather} (day|place|scene)"],
        "short": ["{weather}", "{weather} (or not|yes or no|outside|weather)"],
    },
    "is_outside": {
        "ask": ["is (this|it|the {pic}) [taken] {inout}", "are (we|they) {inout}", "is the scene {inout}", "was (this|the {pic}) (taken|made) {inout}"],
        "say": ["(this|it|the scene) is {inout}", "(we|they) are {inout}", "(this|the {pic}) was (taken|made) {inout}"],
        "short": ["{inout}"],
    },
}
