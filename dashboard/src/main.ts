import { mount } from "svelte";
import "./app.css";
import App from "./components/App.svelte";
import { rememberedTheme, wear } from "./theme";

wear(rememberedTheme());
mount(App, { target: document.getElementById("page") as HTMLElement });
