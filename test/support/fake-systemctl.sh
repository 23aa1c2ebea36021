#!/bin/sh
# A stand-in for systemctl: which services run, and a log.
echo "$*" >>"$FAKES/systemctl.log"
verb=$1
shift
case $verb in
    --version) echo "systemd 252 (252.30-1~deb12u2)" ;;
    is-active) [ -e "$FAKES/running.$2" ] || exit 3 ;;
    start) : >"$FAKES/running.$1" ;;
    stop) rm -f "$FAKES/running.$1" ;;
esac
exit 0
