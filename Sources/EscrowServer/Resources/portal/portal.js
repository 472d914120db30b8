"use strict";

// What pages do beyond what they do without a script. A behaviour belongs to the elements of a selector: those that are
// there, and those that a live update brings.
const behaviours = [];

function attach(selector, behave, root) {
  for (const element of root.querySelectorAll(selector)) behave(element);
}

function on(selector, behave) {
  behaviours.push([selector, behave]);
  attach(selector, behave, document);
}
