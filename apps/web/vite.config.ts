import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const FIRST_LOAD = 'page';

// The gateway serves dist/ under a strict content policy: nothing inline, nothing from elsewhere.
export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // One file for all that the map needs, for pieces gain nothing on localhost; the rest in a folder of its own (ui/on-demand.tsx).
        // The check of sizes counts the two apart.
        codeSplitting: { groups: [{ name: FIRST_LOAD, tags: ['$initial'] }] },
        chunkFileNames: ({ name }) => `assets/${name === FIRST_LOAD ? '' : 'on-demand/'}[name]-[hash].js`,
      },
    },
  },
  // `vite dev` beside a running agent.
  server: { proxy: { '/ws': { target: 'ws://127.0.0.1:7070', ws: true, changeOrigin: true } } },
});
