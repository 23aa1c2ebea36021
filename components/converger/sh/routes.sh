# shellcheck shell=sh
# When a NIC goes down the kernel takes away the routes over it, says so to nobody, and does not bring them back.

# Comes up, or gets its address back: told as a new route without a gateway. Those of our links are of changes of ours.
keep() {
    ip -4 monitor route </dev/null | {
        boot_routes
        while read -r route; do
            case $route in
                'Deleted '* | *' table '*) ;;
                *' scope link'*) is_of_own_link "${route#* dev }" || boot_routes ;;
            esac
        done
    }
}

boot_routes() {
    sh "$0" boot "$stack" routes </dev/null
}

# by its group, see link.awk
is_of_own_link() {
    group=''
    { read -r group <"/sys/class/net/${1%% *}/netdev_group"; } 2>/dev/null
    [ "$group" = 201 ]
}
