# Words and texts. Entries and dumps are read by word, never by position: every iproute2 prints its own set of words.

function trim(text) {
    gsub(/[ \t]+/, " ", text)
    sub(/^ /, "", text)
    sub(/ $/, "", text)
    return text
}

function first_word(text) {
    sub(/ .*/, "", text)
    return text
}

function nth_word(text, n,    words) {
    split(text, words, " ")
    return words[n]
}

function has_word(text, name) {
    return index(" " text " ", " " name " ") > 0
}

# "mtu" in "link ... mtu 1450 ..." is "1450". A link may have any name, so what follows `dev` and `master` is none of our words.
function word_after(text, name,    at, rest, before) {
    rest = " " text " "
    while ((at = index(rest, " " name " ")) > 0) {
        before = substr(rest, 1, at)
        rest = substr(rest, at + length(name) + 1)
        if (before ~ / (dev|master) $/)
            continue
        sub(/^ /, "", rest)
        sub(/ .*/, "", rest)
        return rest
    }
    return ""
}

# What users name comes from Docker as `=NAME`, by urlquery: one word, and none of ours. Only what we print or compare with
# words of entries is put back.
function user_word(word) {
    sub(/^=/, "", word)
    gsub(/%3A/, ":", word)
    gsub(/%2C/, ",", word)
    return word
}

# what is said in an answer goes into a YAML map as it is
function plain(text) {
    gsub(/"/, "", text)
    gsub(/[^A-Za-z0-9 _.:,\/@=+{}!<>*&|()-]/, "_", text)
    gsub(/:+ /, " ", text)
    text = trim(text)
    sub(/^[^A-Za-z0-9-]+/, "", text)
    sub(/:+$/, "", text)
    return text == "" ? "changed" : text
}

# A token that differs when the text differs; not a secret, so no process for it.
function token_of(text,    i, n, low, high, code) {
    if (!(" " in char_code))
        for (i = 1; i < 127; i++)
            char_code[sprintf("%c", i)] = i
    low = 5381
    high = 33
    n = length(text)
    for (i = 1; i <= n; i++) {
        code = char_code[substr(text, i, 1)]
        low = (low * 257 + code) % 2147483647
        high = (high * 263 + code) % 2147483629
    }
    return sprintf("%08x%07x", low, high % 268435456)
}

# what a template of Docker's has through `urlquery`
function unescaped(text,    out, digits) {
    digits = "0123456789ABCDEF"
    gsub(/\+/, " ", text)
    while (match(text, /%[0-9A-F][0-9A-F]/)) {
        out = out substr(text, 1, RSTART - 1) \
            sprintf("%c", (index(digits, substr(text, RSTART + 1, 1)) - 1) * 16 + index(digits, substr(text, RSTART + 2, 1)) - 1)
        text = substr(text, RSTART + 3)
    }
    return out text
}

function read_file(path,    line, all) {
    all = ""
    while ((getline line < path) > 0)
        all = all line "\n"
    close(path)
    return all
}

function read_line(path,    line) {
    line = ""
    if ((getline line < path) <= 0)
        line = ""
    close(path)
    return line
}

function sort_list(list, n,    i, j, moved) {
    for (i = 2; i <= n; i++) {
        moved = list[i]
        for (j = i - 1; j >= 1 && list[j] > moved; j--)
            list[j + 1] = list[j]
        list[j + 1] = moved
    }
}

function quoted(text) {
    return "\047" text "\047"
}
