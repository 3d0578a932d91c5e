// On the pages for people: offers to tell them on this device. Without it the page is whole, and offers the other ways.

import { type Hindrance, isPossible, NotSubscribed, subscribe } from "./subscribe";

const place = document.getElementById("device");
if (place) offer(place);

function offer(place: HTMLElement): void {
  const form = place.querySelector("form") as HTMLFormElement;
  const said = place.querySelector("[role=status]") as HTMLElement;
  const hinder = (why: Hindrance): void => {
    said.textContent = place.dataset[why] ?? why;
  };
  place.hidden = false;
  if (!isPossible()) {
    form.hidden = true;
    hinder("impossible");
    return;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void tell(place, form).catch((problem) => hinder(problem instanceof NotSubscribed ? problem.why : "failed"));
  });
}

/** The form goes on by itself: what follows is a page again. */
async function tell(place: HTMLElement, form: HTMLFormElement): Promise<void> {
  const root = new URL(place.dataset.root || "./", document.baseURI).href;
  const made = await subscribe(place.dataset.key ?? "", root);
  (form.elements.namedItem("subscription") as HTMLInputElement).value = JSON.stringify(made.toJSON());
  takeProducts(form);
  form.submit();
}

/** What was chosen in the form beside it counts for the device, too. */
function takeProducts(form: HTMLFormElement): void {
  for (const ticked of document.querySelectorAll<HTMLInputElement>("input[name=product]:checked")) {
    const copy = document.createElement("input");
    Object.assign(copy, { type: "hidden", name: "product", value: ticked.value });
    form.append(copy);
  }
}
