import { usePageState } from './page.ts';

/** Live, paused, looking back, reconnecting or worse: unmistakable by word, shape and colour. */
export function ConnectionChip() {
  const connection = usePageState((state) => state.connection.state);
  const isRecording = usePageState((state) => state.hello?.recording !== undefined);
  const isPaused = usePageState((state) => state.isPaused);
  const isBack = usePageState((state) => state.moment !== null);
  const isFile = usePageState((state) => state.recording !== null);
  const [tone, mark, text] = isFile
    ? isPaused
      ? ['wait', '❚❚', 'recording, paused']
      : ['good', '▶', 'recording']
    : connection === 'incompatible'
      ? ['bad', '✕', 'other version']
      : connection === 'reconnecting'
        ? ['bad', '○', 'reconnecting…']
        : connection === 'connecting'
          ? ['wait', '○', 'connecting…']
          : isBack
            ? ['wait', '◀◀', 'looking back']
            : isPaused
              ? ['wait', '❚❚', 'paused']
              : isRecording
                ? ['good', '▶', 'recording']
                : ['good', '●', 'live'];
  return (
    <output className={`chip connection connection-${tone}`} aria-live="polite">
      <span aria-hidden="true">{mark}</span> {text}
    </output>
  );
}
