Rails.application.routes.draw { root to: "visits#create" }
