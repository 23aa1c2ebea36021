/** Stops the containers when it restarts Docker; with settings that are told to be bad it does not start. */
export const SYSTEMCTL = `#!/bin/sh
main=$FAKES/main
case "$1 $2 $3" in
    'show -p MainPID') [ ! -e $main ] || echo "MainPID=$(cat $main)"; exit ;;
    'is-active -q docker.service') [ -e $main ]; exit ;;
    'reload docker.service '*) echo reload >>"$FAKES/systemctl.log"; cp /etc/docker/daemon.json "$FAKES/read"; : >"$FAKES/docker/hups"; exec cp "$FAKES/hup" "$FAKES/docker/reloaded" ;;
    'restart docker.service '*)
        echo $1 >>"$FAKES/systemctl.log"
        if [ -e $main ]; then kill $(cat $main); rm $main /run/docker.pid; fi
        for path in "$FAKES"/docker/containers/*/.running; do [ ! -e "$path" ] || echo false >"$path"; done
        [ ! -e "$FAKES/die" ] || kill -9 $(cat "$FAKES/die")
        ! grep -q bad /etc/docker/daemon.json || { echo 'Job for docker.service failed.' >&2; exit 1; }
        cp /etc/docker/daemon.json "$FAKES/read" 2>/dev/null
        sleep 900 </dev/null >/dev/null 2>&1 7>&- 8>&- 9>&- &
        echo $! >$main; echo $! >/run/docker.pid ;;
esac
exit 0
`;
