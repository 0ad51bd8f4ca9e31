import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Static files without inline script or style, so that the server's CSP needs no exception. */
export default defineConfig({
  root: here,
  build: {
    outDir: `${here}../dist/dashboards`,
    emptyOutDir: true,
    // Inlined assets would be data: URLs, which the CSP allows only for images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    rollupOptions: { input: { index: `${here}index.html`, docs: `${here}docs.html` } },
    chunkSizeWarningLimit: 1_000,
  },
});
