# shellcheck shell=sh
# When a NIC goes down the kernel takes away the routes over it, says so to nobody, and does not bring them back. What sets up the
# NIC may delete them: systemd-networkd, as long as it has not read our drop-in, which it does when it starts.

# Comes up, or gets its address back: told as a new route without a gateway. Those of our links are of changes of ours. A change
# that deletes a route of a NIC has the lock until its unit says so too, and then there is nothing to do.
keep() {
    ip -4 monitor route </dev/null | {
        boot_routes
        while read -r route; do
            case "$route " in
                *' table '*) ;;
                'Deleted '*' proto 201 '*) is_of_own_link "${route#* dev }" || ! is_missing "${route#Deleted }" || boot_routes ;;
                'Deleted '*) ;;
                *' scope link'*) is_of_own_link "${route#* dev }" || boot_routes ;;
            esac
        done
    }
}

# Several go at once, and come back with the first. One whose link has gone waits for that. With the address that it gives to packets
# the kernel deletes a route too, and more is missing then than is repaired here: that is drift.
is_missing() {
    gateway=${1#* via } source=${1#* src }
    [ -z "$(ip -4 route show exact "${1%% *}" proto 201)" ] &&
        [ -n "$(ip -4 route show match "${gateway%% *}" scope link)" ] &&
        [ -n "$(ip -4 addr show to "${source%% *}")" ]
}

boot_routes() {
    sh "$0" boot "$stack" routes </dev/null
}

# by its group, see link.awk; the bridge of an uplink has what a NIC had
is_of_own_link() {
    group=''
    { read -r group <"/sys/class/net/${1%% *}/netdev_group"; } 2>/dev/null
    [ "$group" = 201 ] && ! grep -q -s -x -e "bridge ${1%% *}" "$run_dir"/uplink/*
}
