#!/bin/sh
# Runs the program for this machine's processor. Splunk starts this script (see commands.conf).
case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
# On x86-64, the dynamic loader identifies the machine. Starting uname would take longer than the program itself.
if [ -e /lib64/ld-linux-x86-64.so.2 ] && [ ! -e /lib/ld-linux-aarch64.so.1 ]; then
    machine=x86_64
else
    machine=$(uname -m)
fi
case $machine in
arm64) machine=aarch64 ;;
esac
program=$here/dnsentropy-bin/dnsentropy-$machine
if [ ! -x "$program" ]; then
    echo "dnsentropy: there is no program for this machine: $program is missing or not executable" >&2
    exit 126
fi
exec "$program" "$@"
