import { expect, test } from 'vitest';
import { containerOfCgroup } from './cgroup.ts';

const ID = 'f00d'.repeat(16);
const OTHER = 'beef'.repeat(16);

test.each([
  ['Docker, cgroup v2 with systemd', `0::/system.slice/docker-${ID}.scope`, 'docker'],
  ['Docker, cgroupfs', `0::/docker/${ID}`, 'docker'],
  [
    'Docker, cgroup v1',
    `12:memory:/docker/${ID}\n11:cpu,cpuacct:/docker/${ID}\n1:name=systemd:/docker/${ID}`,
    'docker',
  ],
  ['Docker, another cgroup parent', `0::/my.slice/docker-${ID}.scope`, 'docker'],
  ['Docker, another parent with cgroupfs', `0::/my/${ID}`, null],
  ['Podman as root', `0::/machine.slice/libpod-${ID}.scope/container`, 'podman'],
  ['Podman, cgroupfs', `0::/libpod_parent/libpod-${ID}`, 'podman'],
  [
    'containerd in Kubernetes',
    `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1a2b.slice/cri-containerd-${ID}.scope`,
    'containerd',
  ],
  [
    'containerd in Kubernetes, nested names',
    `0::/system.slice/kubepods-burstable-pod1a2b.slice:cri-containerd:${ID}`,
    'containerd',
  ],
  ['Kubernetes, cgroupfs', `0::/kubepods/besteffort/pod1a2b/${ID}`, null],
  ['nerdctl', `0::/system.slice/nerdctl-${ID}.scope`, 'containerd'],
  ['CRI-O', `0::/kubepods.slice/kubepods-pod1a2b.slice/crio-${ID}.scope`, 'crio'],
  ['a container in a container', `0::/system.slice/docker-${OTHER}.scope/docker/${ID}`, 'docker'],
])('%s', (_name, text, runtime) => {
  expect(containerOfCgroup(`${text}\n`)).toEqual({ runtime, id: ID });
});

test.each([
  ['the root', '0::/'],
  ['a user session', '0::/user.slice/user-1000.slice/session-2.scope'],
  ['an id that is too short', `0::/docker/${ID.slice(1)}`],
  ['an id that is too long', `0::/docker/${ID}0`],
  ['the process that watches a Podman container', `0::/machine.slice/libpod-conmon-${ID}.scope`],
  ['nothing: the process is gone', ''],
])('%s is no container', (_name, text) => {
  expect(containerOfCgroup(text)).toBeNull();
});
