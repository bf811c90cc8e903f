// Opens an inventory in a worker thread, reports the namespace it is in, and ends as `workerData` says.
import { parentPort, workerData } from 'node:worker_threads';
import { openInventory } from '../../index.js';

// An inventory does not keep its thread alive.
const awake = setInterval(() => {}, 1000);
const inventory = openInventory({
  onSnapshot(namespaces) {
    parentPort.postMessage(namespaces.find((namespace) => namespace.own).inum);
    if (workerData === 'close') inventory.close();
    if (workerData !== 'stay') clearInterval(awake);
  },
});
