# private-key NAME: wireguard. Made here, in a file that nobody but root reads; `wg` reads it, and this program never does. One that is lost,
# that somebody has put there, or that others could read, is made anew: its public half is told to whoever applies the unit.

BEGIN { UP_ONLY["private-key"] = 1 } # a boot has nobody to tell

function private_key_check(key, value) {
    if (key !~ /^private-key [A-Za-z0-9-]+$/ || value != "wireguard")
        refuse(key ": only `private-key NAME: wireguard` is known")
}

function private_key_path(name) {
    return lib_dir "/" stack "/keys/" name
}

function private_key_actual(id,    name, kept) {
    name = nth_word(want_key[id], 2)
    kept = private_key_kept(name)
    if (kept == "")
        return ""
    if (kept != "600 0")
        return "mode " kept
    return has_wg && private_key_public(name) != read_line(private_key_path(name) ".pub") ? "another key" : want_value[id]
}

# its mode and owner, "" of none
function private_key_kept(name,    command, line) {
    command = "exec stat -c \"%a %u\" " quoted(private_key_path(name)) " 2>/dev/null"
    line = ""
    command | getline line
    close(command)
    return line
}

function private_key_public(name,    command) {
    if (!(name in public_key)) {
        command = "{ wg pubkey <" quoted(private_key_path(name)) "; } 2>/dev/null"
        public_key[name] = ""
        command | getline public_key[name]
        close(command)
    }
    return public_key[name]
}

function private_key_owner(id) {
    if (!has_wg)
        refuse(want_key[id] ": " NO_WG)
    kernel_check(want_key[id], "wireguard")
}

function private_key_make(id,    name, path) {
    name = nth_word(want_key[id], 2)
    path = private_key_path(name)
    step("private-key.make", "key", path, want_key[id])
    if (private_key_kept(name) == "") {
        undo("private-key.make", "prune", folder_of(path))
        undo("private-key.make", "remove", path " " path ".pub " path ".new " path ".pub.new")
    }
}

# a device that still has it keeps its file, as a boot makes the device anew: it goes with that one
function private_key_unmake(key) {
    if (!is_wanted("wireguard " nth_word(key, 2)))
        private_key_remove(nth_word(key, 2), key)
}

function private_key_remove(name, key,    path) {
    path = private_key_path(name)
    step("private-key.remove", "remove", path " " path ".pub", key)
    step("private-key.prune", "prune", folder_of(path), key)
}
