import { mount } from "svelte";
import "./app.css";
import App from "./components/App.svelte";
import { rememberedTheme, wear } from "./theme";

// What is at a place moves on: whoever comes again begins at the top.
history.scrollRestoration = "manual";
wear(rememberedTheme());
mount(App, { target: document.getElementById("page") as HTMLElement });
