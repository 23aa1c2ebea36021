# shellcheck shell=sh
# Two devices of WireGuard side by side, while keys are rolled. What is sent by one without a session waits for that, but no more than 128
# packets; and of two that call each other at the same moment none hears the other, for 5 s.

# NEW OLD: before packets go by the new one, each peer that the old one has a session with has one there
meet() {
    until=$(($(uptime_now) + 15)) round=0
    while silent=$(peers_silent "$1" "$2" "$(date +%s)") && [ -n "$silent" ]; do
        if [ "$(uptime_now)" -ge "$until" ]; then
            echo "there is no answer from $(echo "$silent" | cut -d ' ' -f 2 | tr '\n' ' ')in 15 s, though $2 has one: that UDP port must be open between the hosts" >&2
            return 1
        fi
        [ $((round % 10)) -ne 0 ] || echo "$silent" | call_peers "$1" "$round"
        round=$((round + 1))
        sleep 0.1
    done
}

# NEW OLD NOW: a line for each, PEER ENDPOINT KEEPALIVE FIRST. A session is used for 180 s. One behind NAT that has not called has no
# endpoint, and is known by its subnet.
peers_silent() {
    {
        for what in public-key allowed-ips endpoints persistent-keepalive latest-handshakes; do
            wg show "$1" "$what" | sed "s/^/new $what /"
        done
        for what in allowed-ips latest-handshakes; do
            wg show "$2" "$what" | sed "s/^/old $what /"
        done
    } | awk -v now="$3" '
        $2 == "public-key" { own = $3 }
        { has[$1, $2, $3] = $4 }
        $1 == "new" && $2 == "allowed-ips" { peers[++count] = $3 }
        $1 == "old" && $2 == "allowed-ips" { of[$4] = $3 }
        function is_silent(device, peer) { return peer == "" || now - has[device, "latest-handshakes", peer] >= 180 }
        function endpoint(peer) { return has["new", "endpoints", peer] == "(none)" ? has["new", "allowed-ips", peer] : has["new", "endpoints", peer] }
        END {
            for (i = 1; i <= count; i++) {
                peer = peers[i]
                if (is_silent("new", peer) && !is_silent("old", of[has["new", "allowed-ips", peer]]))
                    print peer, endpoint(peer), has["new", "persistent-keepalive", peer], ((own "") < (peer "") ? "first" : "later")
            }
        }'
}

# NEW ROUND: by an empty packet, which is sent at once when a keepalive is set. One side of each pair calls first.
call_peers() {
    while read -r peer _ keepalive turn; do
        [ "$turn" = first ] || [ "$2" -gt 0 ] || continue
        for seconds in off 1 "$keepalive"; do
            wg set "$1" peer "$peer" persistent-keepalive "$seconds"
        done
    done
}
