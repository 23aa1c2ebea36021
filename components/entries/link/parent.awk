# The link that another one, or a network of Docker's, lies on.

function is_wireless(name) {
    return read_line("/sys/class/net/" name "/phy80211/index") != ""
}

function parent_check(key, name) {
    if (!(name in link_index))
        refuse(key ": there is no link " name " (found " parents_found() ")")
    else if (link_master[name] != "")
        refuse(key ": " name " is a port of " link_master[name] ": use " link_master[name] " as parent")
    else if (is_wireless(name))
        refuse(key ": " name " is wireless, and an access point accepts no frames from other MACs: use a wired link")
}

function parents_found(    i, text) {
    for (i = 1; i <= link_count; i++)
        if (links[i] != "lo" && links[i] !~ /^(veth|docker|br-)/ && is_of_host(links[i]))
            text = text (text == "" ? "" : ", ") links[i]
    return text
}
