import { useEffect, useState } from 'react';
import { Banner } from './banner.tsx';
import { Header } from './header.tsx';
import { useKeys } from './keys.ts';
import { Legend } from './legend.tsx';
import { MapCard } from './map-card.tsx';
import { MapTools } from './map-tools.tsx';
import { MapView } from './map-view.tsx';
import { Notices } from './notices.tsx';
import { fetchParts, OnDemand, onDemand } from './on-demand.tsx';
import { usePage, usePageState } from './page.ts';
import { useFileDrop } from './recording/choose.ts';
import { IncidentOpener } from './recording/incident-opener.tsx';
import { fetchShare } from './share-entries.ts';
import { SidePanel } from './side-panel.tsx';
import { TimelineView } from './timeline-view.tsx';
import { Toast } from './toast.tsx';
import { ValueMenu } from './value-menu.tsx';

const exchangeLog = onDemand(() => import('./exchange-log.tsx').then((file) => file.ExchangeLog));
const helpDialog = onDemand(() => import('./help-dialog.tsx').then((file) => file.HelpDialog));
const mapTable = onDemand(() => import('./map-table.tsx').then((file) => file.MapTable));
const teachingCaption = onDemand(() => import('./teaching-caption.tsx').then((file) => file.TeachingCaption));

export function App() {
  const [isHelpOpen, setHelpOpen] = useState(false);
  const isRedacted = usePageState((state) => state.isRedacted);
  const isTeaching = usePageState((state) => state.isTeaching);
  const isTableOpen = usePageState((state) => state.isTableOpen);
  const time = usePageState(({ moment, isPaused, recording }) => {
    if (recording !== null) return isPaused ? 'recording, paused' : 'recording';
    return moment !== null ? 'past' : isPaused ? 'paused' : 'live';
  });
  const { actions } = usePage();
  const isDropping = useFileDrop();
  useKeys(() => setHelpOpen(true));
  const isAway = usePageState((state) => state.connection.state === 'reconnecting');
  useEffect(() => {
    if (!isAway) void Promise.all([fetchParts(), fetchShare()]);
  }, [isAway]);
  return (
    <div className="page" data-time={time}>
      <button type="button" className="button skip-link" onClick={() => actions.showTable(true)}>
        Show the map as tables
      </button>
      <Header onHelp={() => setHelpOpen(true)} />
      <main className="map" aria-label="Map of the network namespaces and the packets between them">
        <MapView />
        <Banner />
        {isTeaching && <OnDemand part={teachingCaption} with={{}} />}
        <Notices />
        <Legend />
        <MapTools />
        <MapCard />
      </main>
      <SidePanel key={isRedacted ? 'redacted' : 'plain'} />
      <TimelineView />
      <OnDemand key={isRedacted ? 'redacted log' : 'log'} part={exchangeLog} with={{}} />
      {isTableOpen && <OnDemand part={mapTable} with={{}} />}
      <ValueMenu />
      <Toast />
      <IncidentOpener />
      {isDropping && <div className="drop-here">Drop to open the recording</div>}
      {isHelpOpen && <OnDemand part={helpDialog} with={{ onClose: () => setHelpOpen(false) }} />}
    </div>
  );
}
