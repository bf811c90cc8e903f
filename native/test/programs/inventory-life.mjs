// Ways for a process to live and end with an inventory. Prints one line of JSON.
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { openInventory } from '../../index.js';

const print = (value) => process.stdout.write(JSON.stringify(value));
const stayAwake = () => setInterval(() => {}, 1000);
const warnings = [];
const open = (onSnapshot) => openInventory({ onSnapshot, onWarning: (message) => warnings.push(message) });

const ways = {
  'leave open'() {
    open(() => {});
  },

  exit() {
    stayAwake();
    open(() => process.exit(7));
  },

  throw() {
    const awake = stayAwake();
    const inventory = open(() => {
      throw new Error('thrown by the callback');
    });
    process.once('uncaughtException', (error) => {
      inventory.discover();
      inventory.close();
      clearInterval(awake);
      print({ caught: error.message, discovers: true });
    });
  },

  'forget it'() {
    const awake = stayAwake();
    // Nobody but the addon knows the inventory from here on.
    openInventory({
      onSnapshot() {
        clearInterval(awake);
        print({ snapshots: 1 });
      },
    });
    for (let round = 0; round < 3; round += 1) globalThis.gc();
  },

  report() {
    const awake = stayAwake();
    const inventory = open((namespaces) => {
      inventory.close();
      clearInterval(awake);
      print({ own: Number(/\d+/.exec(readlinkSync('/proc/self/ns/net'))[0]), namespaces, warnings });
    });
  },

  'look often'() {
    const awake = stayAwake();
    const snapshots = [];
    const inventory = open((namespaces) => {
      snapshots.push(`lo ${namespaces[0].links[0].up ? 'up' : 'down'}`);
      if (snapshots.length === 1) {
        for (let round = 0; round < 100_000; round += 1) inventory.discover();
        // The looks just asked for come before this change.
        execFileSync('ip', ['link', 'set', 'lo', 'up']);
        return;
      }
      inventory.close();
      clearInterval(awake);
      print({ snapshots });
    });
  },
};

ways[process.argv[2]]();
