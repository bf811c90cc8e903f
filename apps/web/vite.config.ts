import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The gateway serves dist/ under a strict content policy: nothing inline, nothing from elsewhere.
export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One file: a map that arrives in pieces gains nothing on localhost.
    chunkSizeWarningLimit: 700,
  },
  // `vite dev` beside a running agent.
  server: { proxy: { '/ws': { target: 'ws://127.0.0.1:7070', ws: true, changeOrigin: true } } },
});
