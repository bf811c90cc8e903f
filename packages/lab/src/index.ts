export { type LabFault, type LabProbe, probeCommand, probeTraffic } from './fault.ts';
export { type Lab, type LabNamespaceHandle, startLab } from './lab.ts';
export { LabError } from './lab-error.ts';
export { PRACTICE_FAULTS } from './practice-faults.ts';
export { PRACTICE_HOST } from './practice-host.ts';
export { findLabs, labNameOf, type RunningLab, takeDownLab } from './running-labs.ts';
export type * from './topology.ts';
