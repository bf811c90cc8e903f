import { CircleHelp, Moon, Pause, Play, Sun } from 'lucide-react';
import { CommandMenu } from './command-menu.tsx';
import { useCountCommits } from './commits.ts';
import { ConnectionChip } from './connection-chip.tsx';
import { FeaturesChip } from './features-chip.tsx';
import { FilterChip } from './filter-chip.tsx';
import { LedgerChip } from './ledger-chip.tsx';
import { MomentChip } from './moment-chip.tsx';
import { usePage, usePageState } from './page.ts';
import { RecordingChip } from './recording/recording-chip.tsx';
import { RedactedChip, SettingsMenu } from './settings-menu.tsx';
import { ShareMenu } from './share-menu.tsx';
import { StretchControl } from './stretch-control.tsx';
import { useIsDark } from './theme.ts';

export function Header({ onHelp }: { onHelp: () => void }) {
  useCountCommits();
  const isLab = usePageState((state) => state.hello?.lab ?? false);
  const isPlayed = usePageState((state) => state.hello?.recording !== undefined);
  return (
    <header className="header">
      <h1 className="logo">
        hop<span>scope</span>
      </h1>
      <ConnectionChip />
      {isLab && !isPlayed && (
        <span className="chip chip-lab" title="What is drawn here is a practice host, not this machine itself.">
          practice host
        </span>
      )}
      <RecordingChip />
      <MomentChip />
      <PauseButton />
      <StretchControl />
      <span className="spacer" />
      <RedactedChip />
      <FeaturesChip />
      <FilterChip />
      <LedgerChip />
      <ThemeButton />
      <SettingsMenu />
      <ShareMenu />
      <button
        type="button"
        className="icon-button"
        onClick={onHelp}
        title="Keys and help (?)"
        aria-label="Keys and help"
      >
        <CircleHelp size={17} />
      </button>
      <CommandMenu onHelp={onHelp} />
    </header>
  );
}

function PauseButton() {
  const { time } = usePage();
  const isPaused = usePageState((state) => state.isPaused);
  const isBack = usePageState((state) => state.moment !== null);
  const isRecording = usePageState((state) => state.recording !== null);
  // What plays it has a button of its own.
  if (isRecording) return null;
  const pause = isBack ? 'Stay at this moment' : 'Freeze packets and list';
  return (
    <button
      type="button"
      className="button"
      aria-pressed={isPaused}
      onClick={() => time.setPaused(!isPaused)}
      title={`${isPaused ? 'Go on from here' : pause} (space)`}
    >
      {isPaused ? <Play size={14} /> : <Pause size={14} />}
      {isPaused ? (isBack ? 'Play' : 'Resume') : 'Pause'}
    </button>
  );
}

function ThemeButton() {
  const { actions } = usePage();
  const isDark = useIsDark();
  const label = isDark ? 'Light theme' : 'Dark theme';
  return (
    <button
      type="button"
      className="icon-button theme-button"
      onClick={() => actions.setTheme(isDark ? 'light' : 'dark')}
      title={`${label} (t)`}
      aria-label={label}
    >
      {isDark ? <Sun size={17} /> : <Moon size={17} />}
    </button>
  );
}
