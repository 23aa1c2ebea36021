# Steps, and what undoes them: written to the journal as files, in the order of their phases.

function step(at, tool, text, key) {
    if (tool == "systemctl" && (at, text) in step_known)
        return
    step_known[at, text] = 1
    step_at[++step_count] = phase_number(at)
    step_tool[step_count] = tool
    step_text[step_count] = text
    step_key[step_count] = key
}

function undo(at, tool, text) {
    undo_at[++undo_count] = phase_number(at)
    undo_tool[undo_count] = tool
    undo_text[undo_count] = text
}

function undo_file(at, path, before, mode) {
    if (before == "")
        undo(at, "remove", path)
    else
        undo(at, "put", path " " (mode == "" ? "0600" : mode) " " journal_file(before))
}

# a file of the journal that holds a text; written with the journal
function journal_file(text) {
    journal_text[++journal_files] = text
    return journal_dir "/" round "/file." journal_files
}

# 0 where there is no room for it
function write_journal(    base, i, name) {
    base = journal_dir "/" round
    if (system("mkdir -p -m 0700 " run_dir " " base "/do " base "/undo" (guard_text == "" ? "" : " " base "/late")))
        return 0
    if (guard_text != "") {
        print guard_text > (base "/guard")
        close(base "/guard")
    }
    if (round == 1) {
        printf "" > (journal_dir "/new")
        for (i = 1; i <= line_count[me, "new"]; i++)
            print lines_of[me, "new", i] > (journal_dir "/new")
        close(journal_dir "/new")
        for (name in forerunner)
            print substr(name, length(stack) + 2) > (journal_dir "/forerunners")
        close(journal_dir "/forerunners")
        print verb, me, (restarted == "" ? "-" : restarted), among > (journal_dir "/what")
        close(journal_dir "/what")
        for (name in users_known)
            print name > (journal_dir "/users")
        close(journal_dir "/users")
        write_state(journal_dir "/before")
        engine_note()
    }
    for (i = 1; i <= journal_files; i++) {
        printf "%s", journal_text[i] > (base "/file." i)
        close(base "/file." i)
    }
    write_steps(base "/do", step_count, step_at, step_tool, step_text, 1, 0)
    if (guard_text != "")
        write_steps(base "/late", step_count, step_at, step_tool, step_text, 1, 1)
    write_steps(base "/undo", undo_count, undo_at, undo_tool, undo_text, -1, 0)
    print changed > (base "/changed") # last: where it is empty, there was no room for all
    close(base "/changed")
    return 1
}

# Files NNN.TOOL in the order they are to be run: by phase, and in a phase as they came; for undoing, all backwards.
# Beside each a file of the keys, line by line, for what is said when a line fails. What waits for a commit is written when $later.
function write_steps(base, n, at, tool, text, direction, later,    i, order, count, path, keys, last) {
    sort_steps(order, n, at, direction)
    for (i = 1; i <= n; i++) {
        if (direction == 1 && is_later(at[order[i]]) != later)
            continue
        if (tool[order[i]] != last) {
            close(path)
            close(keys)
            last = tool[order[i]]
            path = sprintf("%s/%04d.%s", base, ++count, last)
            keys = path ".keys"
        }
        printf "%s%s", text[order[i]], (text[order[i]] ~ /\n$/ ? "" : "\n") > path
        if (direction == 1)
            write_keys(keys, step_key[order[i]], text[order[i]])
    }
    close(path)
    close(keys)
}

function write_keys(path, key, text,    n, lines, i, chain, told) {
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++) {
        if (n > 1 && lines[i] == "" && i == n)
            continue
        if (lines[i] ~ /^ chain /)
            chain = nth_word(lines[i], 2)
        told = lines[i] ~ /^  .* comment "/ ? "nft " chain " " nft_comment(lines[i], "") : key
        print told > path
        changed += !is_changed[told]++
    }
}

# a bucket for each phase keeps this linear
function sort_steps(order, n, at, direction,    i, j, phases, count, bucket, known, members, m, moved, filled) {
    for (i = 1; i <= n; i++) {
        if (!(at[i] in known)) {
            known[at[i]] = 1
            phases[++count] = at[i]
        }
        bucket[at[i]] = bucket[at[i]] " " i
    }
    for (i = 2; i <= count; i++) {
        moved = phases[i]
        for (j = i - 1; j >= 1 && (phases[j] - moved) * direction > 0; j--)
            phases[j + 1] = phases[j]
        phases[j + 1] = moved
    }
    for (i = 1; i <= count; i++) {
        m = split(bucket[phases[i]], members, " ")
        for (j = 1; j <= m; j++)
            order[++filled] = members[direction > 0 ? j : m + 1 - j]
    }
}
