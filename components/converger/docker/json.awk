# JSON as somebody has written it: where the members of an object stand in its text, so that one comes or goes and every byte beside it
# stays as it is.

# the whole of a file, its last line's end or the lack of it too; no JSON holds the separator
function bytes_of(path,    kept, part, parts, all) {
    kept = RS
    RS = "\001"
    while ((getline part < path) > 0)
        all = all (parts++ ? RS : "") part
    close(path)
    RS = kept
    return all
}

# The members of the object that a text is: member_count, and of each its name, where it begins, where its value does, and what is
# behind it. A text of blanks has none. What is wrong with a text that is no object, "" of one that is. Many questions in a row are of one text.
function json_members(text) {
    if (!json_is_read++ || text != json_text) {
        json_text = text
        json_wrong = json_read(text)
    }
    return json_wrong
}

function json_read(text,    at, last) {
    member_count = json_open = json_close = json_bad = 0
    at = json_skip(text, substr(text, 1, 3) == "\357\273\277" ? 4 : 1)
    last = length(text)
    if (at > last)
        return ""
    json_open = at
    if (substr(text, at, 1) != "{")
        return json_place(text, at)
    at = json_list_end(text, at, "}", 1)
    if (!at)
        return json_place(text, json_bad)
    json_close = at - 1
    at = json_skip(text, at)
    return at > last ? "" : json_place(text, at)
}

function json_place(text, at,    line) {
    line = split(substr(text, 1, at - 1) ".", json_lines, "\n")
    return "not JSON at line " line ", before `" substr(json_rest(text, at), 1, 20) "`"
}

function json_rest(text, at) {
    text = substr(text, at)
    sub(/\n.*/, "", text)
    return text
}

function json_skip(text, at) {
    return match(substr(text, at), /[^ \t\r\n]/) ? at + RSTART - 1 : length(text) + 1
}

# what is behind the value that begins there; 0 of none, and json_bad is where that shows
function json_end(text, at,    first) {
    first = substr(text, at, 1)
    if (first == "{" || first == "[")
        return json_list_end(text, at, first == "{" ? "}" : "]", 0)
    if (first == "\"")
        return json_string_end(text, at)
    if (match(substr(text, at), /^(true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?)/))
        return at + RLENGTH
    return json_fails(at)
}

function json_string_end(text, at) {
    if (match(substr(text, at), /^"([^"\\\001-\037]|\\["\\\/bfnrt]|\\u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f])*"/))
        return at + RLENGTH
    return json_fails(at)
}

function json_fails(at) {
    json_bad = at
    return 0
}

# of an object or a list; `noted`: the members are those that are asked for
function json_list_end(text, at, last, noted,    name, value, behind) {
    at = json_skip(text, at + 1)
    if (substr(text, at, 1) == last)
        return at + 1
    while (1) {
        name = value = at
        if (last == "}") {
            value = json_value_of(text, at)
            if (!value)
                return 0
        }
        behind = json_end(text, value)
        if (!behind)
            return 0
        if (noted)
            json_note(text, name, value, behind)
        at = json_skip(text, behind)
        if (substr(text, at, 1) == last)
            return at + 1
        if (substr(text, at, 1) != ",")
            return json_fails(at)
        at = json_skip(text, at + 1)
    }
}

# where the value of the member begins that begins there
function json_value_of(text, at) {
    if (substr(text, at, 1) != "\"")
        return json_fails(at)
    at = json_string_end(text, at)
    if (!at)
        return 0
    at = json_skip(text, at)
    return substr(text, at, 1) == ":" ? json_skip(text, at + 1) : json_fails(at)
}

function json_note(text, name, value, behind) {
    member_name[++member_count] = json_string(substr(text, name, json_string_end(text, name) - name), "")
    member_at[member_count] = name
    member_value[member_count] = value
    member_end[member_count] = behind
}

# what engines take of members of one name is the last
function json_member(text, name,    i) {
    if (json_members(text) != "")
        return ""
    for (i = member_count; i > 0; i--)
        if (member_name[i] == name)
            return substr(text, member_value[i], member_end[i] - member_value[i])
    return ""
}

# The text with one more member behind the others, in the manner of the first one.
function json_with(text, name, value,    blank, head) {
    json_members(text)
    value = "\"" name "\": " value
    if (!json_open)
        return text "{\n    " value "\n}\n"
    if (!member_count)
        return substr(text, 1, json_open) "\n    " value "\n" substr(text, json_close)
    blank = substr(text, json_open + 1, member_at[1] - json_open - 1)
    head = substr(text, 1, member_end[member_count] - 1)
    return head "," (blank == "" ? " " : blank) value substr(text, member_end[member_count])
}

# The text without a member, of whatever value: with the comma before it, or of the first one with the one behind.
function json_without(text, name,    i) {
    json_members(text)
    for (i = member_count; i > 0; i--)
        if (member_name[i] == name) {
            text = json_cut(text, i)
            json_members(text)
            i = member_count + 1
        }
    return text
}

function json_cut(text, i) {
    if (member_count == 1)
        return substr(text, 1, json_open) substr(text, json_close)
    if (i == 1)
        return substr(text, 1, member_at[1] - 1) substr(text, member_at[2])
    return substr(text, 1, member_end[i - 1] - 1) substr(text, member_end[i])
}

# ---- a value in words: those of a list with commas in between, those of an object by their names. `mark`: what stands around strings

function json_words(text, mark,    first) {
    first = substr(text, 1, 1)
    if (first == "\"")
        return json_string(text, mark)
    if (first == "[")
        return json_list_words(text, mark)
    return first == "{" ? json_object_words(text, mark) : text
}

function json_list_words(text, mark,    at, behind, words) {
    for (at = json_skip(text, 2); substr(text, at, 1) != "]"; at = json_skip(text, at + (substr(text, at, 1) == ","))) {
        behind = json_end(text, at)
        words = words (words == "" ? "" : ", ") json_words(substr(text, at, behind - at), mark)
        at = json_skip(text, behind)
    }
    return words
}

function json_object_words(text, mark,    at, value, behind, n, pairs, i, words) {
    for (at = json_skip(text, 2); substr(text, at, 1) != "}"; at = json_skip(text, at + (substr(text, at, 1) == ","))) {
        value = json_value_of(text, at)
        behind = json_end(text, value)
        pairs[++n] = json_string(substr(text, at, json_string_end(text, at) - at), "") " " json_words(substr(text, value, behind - value), mark)
        at = json_skip(text, behind)
    }
    sort_list(pairs, n)
    for (i = 1; i <= n; i++)
        words = words (words == "" ? "" : " ") pairs[i]
    return words
}

# with what is escaped for no need, such as the slashes that PHP escapes
function json_string(text, mark,    out, code) {
    text = substr(text, 2, length(text) - 2)
    while (match(text, /\\(["\\\/]|u00[2-7][0-9A-Fa-f])/)) {
        code = substr(text, RSTART + 1, RLENGTH - 1)
        out = out substr(text, 1, RSTART - 1) (code ~ /^u/ ? unescaped("%" toupper(substr(code, 4))) : code)
        text = substr(text, RSTART + RLENGTH)
    }
    return mark out text mark
}
