class VisitsController < ActionController::Base
  def create
    Visit.create!
    render plain: "visits: #{Visit.count}\n"
  end
end
