#!/bin/sh
# Hands over to the program for this machine's processor. Splunk starts this file; its name is in commands.conf.
case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
machine=$(uname -m)
case $machine in
arm64) machine=aarch64 ;;
esac
program=$here/dnsentropy-bin/dnsentropy-$machine
if [ ! -x "$program" ]; then
    echo "dnsentropy: there is no program for this machine: $program" >&2
    exit 126
fi
exec "$program" "$@"
