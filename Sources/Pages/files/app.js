// Sends what is chosen and shows the labels.
const form = document.getElementById("upload");
const answer = document.getElementById("answer");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  answer.textContent = "…";
  try {
    const response = await fetch("/", { method: "POST", body: new FormData(form) });
    answer.textContent = await response.text();
  } catch (error) {
    answer.textContent = `The service cannot be reached: ${error.message}`;
  }
});
