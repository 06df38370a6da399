// The payment inside WeChat. What the phone says of it counts for nothing: the page waits for the result.
(function () {
  "use strict";
  const form = document.querySelector("[data-pay-in-weixin]");
  const launch = document.getElementById("launch");
  if (!form || !launch) return;
  const fields = JSON.parse(launch.textContent);

  function pay() {
    // With an insurance both parts are confirmed at once.
    const call = fields.mixTradeNo ? "requestMedicalInsurancePay" : "getBrandWCPayRequest";
    window.WeixinJSBridge.invoke(call, fields, function () {
      document.dispatchEvent(new Event("live:resumed"));
    });
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (window.WeixinJSBridge) pay();
    else document.addEventListener("WeixinJSBridgeReady", pay, { once: true });
  });
})();
