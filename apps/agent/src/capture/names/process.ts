// What /proc says about a process. Processes come and go: one that is gone says nothing.
import { readFileSync, statSync } from 'node:fs';
import { type ContainerRef, containerOfCgroup } from './cgroup.ts';

/** The program's name as the kernel keeps it (at most 15 bytes), '' when the process is gone. */
export function readComm(pid: number): string {
  return readProc(pid, 'comm').replace(/\n$/, '');
}

/** Whether root started it and it still is root: all four ids, in the kernel's own account. */
export function isRoots(pid: number): boolean {
  return /^Uid:\t0\t0\t0\t0$/m.test(readProc(pid, 'status'));
}

export function readContainer(pid: number): ContainerRef | null {
  return containerOfCgroup(readProc(pid, 'cgroup'));
}

/** Arguments, without the program; empty when the process is gone or is a kernel thread. */
export function readArguments(pid: number): string[] {
  return readProc(pid, 'cmdline').split('\0').slice(1, -1);
}

/** inum of the network namespace that this path stands for, or null when it cannot be read. */
export function readNetnsInum(path: string): number | null {
  try {
    return statSync(path).ino;
  } catch {
    return null;
  }
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
