#!/bin/sh
# A stand-in for systemctl: links of `enable` and `disable`, and a log.
echo "$*" >>"$FAKES/systemctl.log"
folder=/etc/systemd/system
verb=$1
shift
case $verb in
    --version) echo "systemd 252 (252.30-1~deb12u2)" ;;
    is-active) [ -e "$FAKES/running.$2" ] || exit 3 ;;
    enable)
        for unit in "$@"; do
            if [ "$unit" = --now ]; then
                now=1
                continue
            fi
            [ -z "${now:-}" ] || : >"$FAKES/running.$unit"
            sed -n 's/^WantedBy=//p' "$folder/$unit" | tr ' ' '\n' | while read -r target; do
                mkdir -p "$folder/$target.wants"
                ln -sf "$folder/$unit" "$folder/$target.wants/$unit"
            done
        done
        ;;
    disable)
        for unit in "$@"; do
            case $unit in -*) continue ;; esac
            rm -f "$folder"/*.wants/"$unit" "$FAKES/running.$unit"
            rmdir "$folder"/*.wants 2>/dev/null
        done
        ;;
esac
exit 0
