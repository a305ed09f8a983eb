# Boots systemd as process 1 of a machine that consists of namespaces: the files of this machine, read through an overlay
# that takes every change and is gone afterwards, and no other units than the ones given.
# To be run by: unshare --pid --fork --mount --uts --ipc --cgroup --kill-child sh machine.sh STAGE PYTHON SITE DAEMON
#   STAGE   directory with: files (copied over the root), share (becomes /srv/share), news (becomes /news), an empty root
#   PYTHON  prefix of the Python installation; SITE its packages; DAEMON the directory that holds hotfolder
set -eu
stage=$1 python=$2 site=$3 daemon=$4

mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$stage/root"
mkdir "$stage/root/upper" "$stage/root/work" "$stage/root/root"
root=$stage/root/root
mount -t overlay -o "lowerdir=/,upperdir=$stage/root/upper,workdir=$stage/root/work" overlay "$root"
mount -t proc proc "$root/proc"
mount -o bind,ro /proc/sys "$root/proc/sys" # systemd would raise limits of the whole machine
mount --rbind /sys "$root/sys"
umount -R "$root/sys/fs/cgroup"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
for directory in run etc/systemd/system usr/lib/systemd/system usr/lib/systemd/system-generators; do
    mount -t tmpfs -o mode=755 tmpfs "$root/$directory"
done
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"

# Python and the program may be in somebody's home, which the unit does not let the service see
mkdir -p "$root/opt/python" "$root/opt/site" "$root/opt/daemon" "$root/srv/share" "$root/news"
mount --bind "$python" "$root/opt/python"
mount --bind "$site" "$root/opt/site"
mount --bind "$daemon" "$root/opt/daemon"
mount --bind "$stage/share" "$root/srv/share"
mount --bind "$stage/news" "$root/news"
cp -r "$stage/files/." "$root/"
chroot "$root" systemd-sysusers hotfolder.conf
chroot "$root" systemd-tmpfiles --create hotfolder.conf
chroot "$root" chown -R hotfolder:hotfolder /srv/share

cd "$root"
mkdir run/former
pivot_root . run/former
umount -l /run/former
mount --make-rshared / # as on a machine of its own: a credential is mounted in another namespace and has to come here
exec env -i container=namespaces PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=multi-user.target --log-target=null
