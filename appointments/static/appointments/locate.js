// The place of the phone is asked for when its button is pressed, and goes into that one form.
(function () {
  "use strict";
  const form = document.querySelector("[data-locate]");
  if (!form) return;
  if (!navigator.geolocation) {
    form.hidden = true;
    return;
  }
  const button = form.querySelector("button");
  const label = button.querySelector("[data-label]");
  const denied = form.querySelector("[data-locate-denied]");
  const idle = label.textContent;
  let asking = false;
  let found = false;

  function ask(is) {
    asking = is;
    label.textContent = is ? button.dataset.busy : idle;
    button.toggleAttribute("aria-disabled", is);
  }

  form.addEventListener(
    "submit",
    function (event) {
      if (found) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (asking) return;
      ask(true);
      denied.hidden = true;
      navigator.geolocation.getCurrentPosition(
        function (place) {
          found = true;
          ask(false);
          for (const name of ["latitude", "longitude", "accuracy"]) form.elements[name].value = place.coords[name];
          form.requestSubmit(button);
        },
        function () {
          ask(false);
          denied.hidden = false;
        },
        { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 },
      );
    },
    true,
  );
})();
