import { CommandLine } from './copy-button.tsx';
import { usePageState } from './page.ts';
import { Popover } from './popover.tsx';

/** What this kernel or this agent lacks, each with the reason and what would mend it; nothing while all is there. */
export function FeaturesChip() {
  const hello = usePageState((state) => state.hello);
  const off = (hello?.features ?? []).filter(({ state }) => state === 'off');
  if (off.length === 0 || hello === null) return null;
  return (
    <Popover
      label={
        <span>
          <span aria-hidden="true">◌ </span>
          {off.length} off
        </span>
      }
      className="chip chip-button chip-off"
      title="What is switched off here, and why"
      align="right"
    >
      <h2 className="off-head">Off on kernel {hello.host.kernel}</h2>
      <ul className="off-list">
        {off.map(({ name, why, mend }) => (
          <li key={name}>
            <code>{name}</code> {why}
            {mend !== '' && <p className="hint">{mend}</p>}
          </li>
        ))}
      </ul>
      <p className="hint">All else works. What this machine has and lacks, in a terminal:</p>
      <CommandLine command="sudo npx hopscope doctor" />
    </Popover>
  );
}
