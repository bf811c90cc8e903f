// The command that shows in a terminal what the page shows.

interface Watched {
  readonly isLab: boolean;
  /** UDP and TCP packets are captured as well. */
  readonly hasData: boolean;
}

export function traceCommand(filter: string, { isLab, hasData }: Watched): string {
  const options = [
    ...(isLab ? ['--lab'] : []),
    ...(hasData ? ['--filter-proto icmp,icmp6,udp,tcp'] : []),
    ...(filter === '' ? [] : [`--display-filter ${shellQuote(filter)}`]),
  ];
  return ['npx hopscope trace --tree', ...options].join(' ');
}

/** For a POSIX shell: nothing inside of single quotes means anything. */
const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
