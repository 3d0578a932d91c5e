import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const service = "http://127.0.0.1:8765";

export default defineConfig({
  // A proxy may show the page below any path.
  base: "./",
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: "../src/tocsin/web/page",
    emptyOutDir: true,
    // The page's Content-Security-Policy lets nothing inline through.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // The pages for people are not built here: they know this script by its name.
      input: { index: "index.html", device: "src/device/page.ts" },
      output: { entryFileNames: ({ name }) => (name === "device" ? "device.js" : "assets/[name]-[hash].js") },
    },
  },
  // `npm run dev` talks to a service that runs beside it.
  server: { proxy: { "/api": service, "/socket.io": { target: service, ws: true } } },
  test: { include: ["test/**/*.test.ts"] },
});
