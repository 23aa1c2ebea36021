# Modules of the kernel: yes (loaded, or part of the kernel), no, or unknown, as in a container that sees no modules.

BEGIN {
    # of links, where it is not called as they are; and of what its option is not called as it is
    MODULE_OF["vlan"] = "8021q"
    MODULE_OF["gre"] = MODULE_OF["gretap"] = "ip_gre"
    KERNEL_OPTION["8021q"] = "VLAN_8021Q"
    KERNEL_OPTION["ip_gre"] = "NET_IPGRE"
    KERNEL_OPTION["ipip"] = "NET_IPIP"
}

function kernel_module(name) {
    if (name in module_known)
        return module_known[name]
    if (read_line("/sys/module/" name "/initstate") != "")
        return module_known[name] = "yes"
    if (!modules_are_read++)
        modules_builtin = bytes_of("/lib/modules/" read_line("/proc/sys/kernel/osrelease") "/modules.builtin")
    if (modules_builtin == "")
        return module_known[name] = kernel_config(name)
    return module_known[name] = index(modules_builtin, "/" name ".ko") ? "yes" : "no"
}

# the kernel's own word, where it keeps it: what it was not built with, no module brings
function kernel_config(name,    command, line, option) {
    option = "CONFIG_" (name in KERNEL_OPTION ? KERNEL_OPTION[name] : toupper(name)) "="
    if (kernel_options == "") {
        kernel_options = " "
        command = "exec gzip -dc /proc/config.gz 2>/dev/null | grep -E \"^CONFIG_(NET|NF_TABLES|VXLAN|GENEVE|NET_IPGRE|NET_IPIP|WIREGUARD|MACVLAN|IPVLAN|VLAN_8021Q)=\""
        while ((command | getline line) > 0)
            kernel_options = kernel_options line " "
        close(command)
    }
    if (kernel_options == " " || has_word(kernel_options, option "m"))
        return "unknown"
    if (has_word(kernel_options, option "y"))
        return "yes"
    module_lacks[name] = 1
    return "no"
}

function kernel_check(key, kind,    name) {
    name = kind in MODULE_OF ? MODULE_OF[kind] : kind
    if (kind != "bridge" && kernel_lacks(name) && !stands_in(name))
        refuse(key ": this kernel (" read_line("/proc/sys/kernel/osrelease") ") has no " name ": install its extra modules, " \
            (name == "wireguard" ? "or wireguard-go, " : "") "or boot another")
}

# whether a program of the host does what its kernel does not
function stands_in(name) {
    return name == "wireguard" && has_wg_go && kernel_lacks(name)
}

# asked without loading it
function kernel_lacks(name) {
    if (kernel_module(name) == "no" && !(name in module_lacks))
        module_lacks[name] = system("exec modprobe -n -q " name " 2>/dev/null") == 1
    return module_lacks[name]
}
