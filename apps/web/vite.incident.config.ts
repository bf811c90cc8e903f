import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The same page as one script and one style sheet, to be put into a file with a recording (packages/protocol/src/recording/incident.ts).
export default defineConfig({
  plugins: [react()],
  publicDir: false,
  build: {
    target: 'es2022',
    outDir: 'dist/incident',
    cssCodeSplit: false,
    modulePreload: false,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      input: 'src/main.tsx',
      output: {
        format: 'iife',
        codeSplitting: false,
        entryFileNames: 'incident.js',
        assetFileNames: 'incident[extname]',
      },
    },
  },
});
