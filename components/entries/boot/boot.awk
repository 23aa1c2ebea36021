# boot NAME: before docker.service | after docker.service. The services that apply everything after a boot.

BEGIN { UP_ONLY["boot"] = 1 }

function boot_check(key, value) {
    if (value !~ /^(before|after) docker\.service$/)
        refuse(key ": needs `before docker.service` or `after docker.service`")
}

function boot_wants(name, value) {
    return systemd_dir "/multi-user.target.wants/" name \
        (value ~ /^after/ ? " " systemd_dir "/docker.service.wants/" name : "")
}

function boot_text(stack, value,    text) {
    text = "[Unit]\n"
    if (value ~ /^before/)
        text = text "Description=Crosshost: links, routes and rules of " stack ", before Docker\n" \
            "After=network.target systemd-modules-load.service systemd-sysctl.service\nBefore=docker.service\n"
    else
        text = text "Description=Crosshost: everything of " stack ", after Docker\n" \
            "After=docker.service crosshost-" stack "-links.service\nPartOf=docker.service\n"
    text = text "\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=" program_call(stack) " boot " stack " " \
        (value ~ /^before/ ? "links" : "rules") "\n\n[Install]\nWantedBy=multi-user.target" \
        (value ~ /^after/ ? " docker.service" : "") "\n"
    return text
}

function boot_actual(id,    name, text, n, i, wants) {
    name = nth_word(want_key[id], 2)
    text = read_file(boot_path(name))
    if (text == "")
        return ""
    if (text != boot_text(stack_of(want_unit[id]), want_value[id]))
        return "changed"
    n = split(boot_wants(name, want_value[id]), wants, " ")
    for (i = 1; i <= n; i++)
        if (read_line(wants[i]) == "")
            return "disabled"
    return want_value[id]
}

function boot_make(id,    name, value) {
    name = nth_word(want_key[id], 2)
    value = want_value[id]
    if (read_file(boot_path(name)) == "") {
        undo("service.back.stop", "systemctl", "reset-failed " name)
        undo("service.back.stop", "systemctl", "stop " name)
    }
    service_make(name, boot_text(stack_of(want_unit[id]), value), boot_wants(name, value), want_key[id])
}

function boot_unmake(key) {
    service_unmake(nth_word(key, 2), boot_wants(nth_word(key, 2), "after"), key)
}

function boot_sweep() {
    unmake("boot crosshost-" stack "-links.service")
    unmake("boot crosshost-" stack "-rules.service")
}
