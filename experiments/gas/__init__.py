"""What transactions cost: a table of actions (`costs`), and a check against gas measured on the contracts (`check`)."""
