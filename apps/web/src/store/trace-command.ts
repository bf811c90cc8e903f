// The command that shows in a terminal what the page shows.

interface Watched {
  readonly isLab: boolean;
  /** What is shown was kept in a file, whose name the page does not know. */
  readonly isRecording: boolean;
  /** UDP and TCP packets are captured as well. */
  readonly hasData: boolean;
}

export function traceCommand(filter: string, { isLab, isRecording, hasData }: Watched): string {
  const options = [
    ...(isRecording ? ['-r RECORDING.hops'] : []),
    ...(isLab && !isRecording ? ['--lab'] : []),
    ...(hasData && !isRecording ? ['--filter-proto icmp,icmp6,udp,tcp'] : []),
    ...(filter === '' ? [] : [`--display-filter ${shellQuote(filter)}`]),
  ];
  return [isRecording ? 'npx' : 'sudo npx', 'hopscope trace --tree', ...options].join(' ');
}

/** For a POSIX shell: nothing inside of single quotes means anything. */
const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
