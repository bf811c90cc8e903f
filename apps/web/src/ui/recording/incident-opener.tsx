import { useEffect, useState } from 'react';
import { OnDemand, onDemand } from '../on-demand.tsx';

const dialog = onDemand(() => import('./incident-dialog.tsx').then((file) => file.IncidentDialog));
const ASKED = 'hopscope-share-incident';

export const askForIncident = (): void => void dispatchEvent(new Event(ASKED));

/** The dialog, while somebody asked for it. */
export function IncidentOpener() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const open = () => setOpen(true);
    addEventListener(ASKED, open);
    return () => removeEventListener(ASKED, open);
  }, []);
  return isOpen ? <OnDemand part={dialog} with={{ onClose: () => setOpen(false) }} /> : null;
}
