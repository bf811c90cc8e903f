// Packet time → decimal ns since the epoch, which no number holds exactly. In two halves, without a BigInt for each hop.

const NS_PER_S = 1_000_000_000;

/** @param epochNs ns since the epoch of packet time 0 @returns for whole ns of packet time, the sum as text */
export function createWallClock(epochNs: bigint): (t: number) => string {
  const epochS = Number(epochNs / BigInt(NS_PER_S));
  const epochRestNs = Number(epochNs % BigInt(NS_PER_S));
  return (t) => {
    const sumNs = epochRestNs + t;
    const restNs = sumNs % NS_PER_S;
    // Exact: a whole number of seconds is divided.
    const s = epochS + (sumNs - restNs) / NS_PER_S;
    if (restNs < 0 || s <= 0) return String(epochNs + BigInt(t));
    return `${s}${String(restNs).padStart(9, '0')}`;
  };
}
