// What is written into the form of a person, and what the service is asked with it. Pure.

import type { Detail } from "../api";
import type { Contact, Draft } from "./directory";

export interface Fields {
  name: string;
  tags: string;
  zone: string;
  locale: string;
  external_id: string;
  /** Of somebody new. */
  phone: string;
  mailbox: string;
  wording: string;
  evidence: string;
}

export const BLANK: Fields = {
  name: "",
  tags: "",
  zone: "",
  locale: "",
  external_id: "",
  phone: "",
  mailbox: "",
  wording: "",
  evidence: "",
};

export function fieldsOf(contact: Contact): Fields {
  return {
    ...BLANK,
    name: contact.name,
    tags: contact.tags.join(", "),
    zone: contact.zone ?? "",
    locale: contact.locale ?? "",
    external_id: contact.external_id ?? "",
  };
}

/** The whole of somebody new. The wording speaks for every address that is given. */
export function draftOf(fields: Fields): Draft {
  const { phone, mailbox, wording, evidence } = trimmed(fields);
  const proof = evidence ? { evidence } : {};
  const consent = wording ? { consent: { source: "operator" as const, wording, ...proof } } : {};
  return {
    ...about(fields),
    ...(phone ? { phones: [{ number: phone, ...consent }] } : {}),
    ...(mailbox ? { mailboxes: [{ address: mailbox, ...consent }] } : {}),
  };
}

/** What is other than it was. */
export function changeOf(contact: Contact, fields: Fields): Draft {
  const before = about(fieldsOf(contact));
  const after = about(fields);
  const moved = (Object.keys(after) as (keyof Draft)[]).filter(
    (key) => JSON.stringify(after[key]) !== JSON.stringify(before[key]),
  );
  return Object.fromEntries(moved.map((key) => [key, after[key]]));
}

const PATHS: Record<string, keyof Fields> = { phones: "phone", mailboxes: "mailbox" };

/** What the service found wrong with a field, by the field's name. */
export function faults(details: readonly Detail[]): Partial<Record<keyof Fields, string>> {
  const told: Partial<Record<keyof Fields, string>> = {};
  for (const { path, message } of details) {
    const [first = ""] = path.split(".");
    const field = path.endsWith(".wording") ? "wording" : (PATHS[first] ?? (first as keyof Fields));
    if (field in BLANK) told[field] ??= message;
  }
  return told;
}

function about(fields: Fields): Draft {
  const { name, tags, zone, locale, external_id } = trimmed(fields);
  return {
    name,
    tags: [...new Set(tags.split(/[,;]/).map((tag) => tag.trim()))].filter(Boolean),
    zone: zone || null,
    locale: locale || null,
    external_id: external_id || null,
  };
}

function trimmed(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value.trim()])) as unknown as Fields;
}
