# The plan of an apply: refusals first, then the differences as steps in phases, each with what undoes it.
# Exit status: 0 in step, 2 refused; with a journal written: 3 there is something to do, 4 only the text is another; 5 /run has no room for it.

function plan(    i) {
    for (i = 1; i <= want_count; i++)
        if (is_mine(want_unit[want_id[i]]) && is_of_phase(want_id[i]))
            kind_owner(want_kind[want_id[i]], want_id[i])
    check_docker()
    kinds_prepare()
    for (i = 1; i <= want_count; i++)
        plan_entry(want_id[i])
    for (i = 1; i <= old_count; i++)
        if (!(old_id[i] in want_value))
            plan_old(old_id[i], kind_of(old_key[old_id[i]]))
    kinds_extras()
    if (sweeping())
        kinds_sweep()
    kinds_finish()
    judge_way()
    if (refusals)
        return 2
    if (!steps_now() && (verifying || same_text_as_before()))
        return 0
    if (!write_journal())
        return 5
    return steps_now() ? 3 : 4
}

# while booting, what is checked or installed by `up` is not
function is_of_phase(id) {
    if (phase == "links")
        return kind_before_docker(want_kind[id], id)
    return phase == "" || !(want_kind[id] in UP_ONLY)
}

function check_docker(    i) {
    if (phase == "links" || !wants_docker())
        return
    if (docker_state() == "yes")
        return
    for (i = 1; i <= want_count; i++) {
        if (is_mine(want_unit[want_id[i]]) && (want_kind[want_id[i]] in NEEDS_DOCKER)) {
            refuse(want_key[want_id[i]] ": Docker is " DOCKER_IS[docker_state()] docker_advice())
            return
        }
    }
    for (i = 1; i <= old_count; i++)
        if (docker_state() != "none" && old_key[old_id[i]] ~ /^docker /) {
            refuse(old_key[old_id[i]] ": Docker is " DOCKER_IS[docker_state()] ", so it cannot be removed" docker_advice())
            return
        }
}

# entries of other units are touched only if they lie on a link that is made anew
function plan_entry(id,    kind, device, rebuilt) {
    kind = want_kind[id]
    if (!is_of_phase(id) || kind_waits(kind, id))
        return
    device = kind_device(kind, want_key[id], want_value[id])
    rebuilt = (device != "" && (device in link_anew)) || kind_rebuilt(kind, id)
    if (is_mine(want_unit[id]) ? rebuilt || actual(id) != want_value[id] || kind_lacks(kind, id) : rebuilt)
        kind_make(kind, id)
}

# what goes with its link needs no step
function plan_old(id, kind,    device) {
    device = kind_device(kind, old_key[id], old_value[id])
    if (device == "" || !((device in link_dying) || (device in link_anew)))
        unmake(old_key[id])
}

# What several units hold together (SHARED), the last of them puts back.
function unmake(key,    kind) {
    kind = kind_of(key)
    if (unmade[key]++ || ((kind in SHARED) && is_held(key, SHARED[kind])))
        return
    kind_unmake(kind, key)
}

# by units of the stack, or of all stacks
function is_held(key, among,    i) {
    for (i = 1; i <= want_count; i++)
        if (want_key[want_id[i]] == key && (among == "host" || stack_of(want_unit[want_id[i]]) == stack))
            return 1
    return 0
}

# by a unit of the stack
function is_wanted(key) {
    return is_held(key, "stack")
}

# What the host has of an entry, in its words; "" = it is missing
function actual(id) {
    return kind_actual(want_kind[id], id)
}

# What bears the mark of a unit, on the link $device, and is in no unit: told by a look, removed by a change of that unit.
function extra(key, mark, text, device) {
    if (mode == "observe")
        tell_extra(key, mark, text)
    else if (is_mine(mark) && !(device in link_dying) && !(device in link_anew) && !(key in want_value) && !(key in old_value))
        unmake(key)
}

