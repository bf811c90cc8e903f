// A program run as somebody without privileges, also from a checkout under a folder that only root may enter, such as /root.
import { resolve } from 'node:path';

const CHECKOUT = resolve(import.meta.dirname, '../../..');

// For this program alone the folders above the checkout become ones that anybody may pass, with nothing else in them.
const REACHABLE = `
checkout=$1; shift
top=; folder=$checkout
while [ "$folder" != / ]; do
  folder=$(dirname "$folder")
  [ -z "$(find "$folder" -maxdepth 0 ! -perm -001)" ] || top=$folder
done
if [ -n "$top" ]; then
  mount --bind "$checkout" /mnt && mount -t tmpfs -o mode=755 none "$top" && mkdir -p "$checkout" &&
    mount --move /mnt "$checkout" || exit 125
fi
exec "$@"`;

/** Goes in front of a command. Needs root. */
export const AS_NOBODY: readonly string[] = [
  ...['unshare', '--mount', '--propagation=private', 'sh', '-c', REACHABLE, 'sh', CHECKOUT],
  ...['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'],
];
